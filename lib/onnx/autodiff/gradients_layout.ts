import type { Value } from "../graph/graph.ts";
import {
  type GradientContext,
  type GradientRules,
  integerAttribute,
  integersAttribute,
  sumToShape,
} from "./gradient_rule.ts";

/** Gradient rules of the operators that move, repeat or pool elements. */
export const LAYOUT_GRADIENTS: GradientRules = {
  Reshape: reshapeBack,
  Squeeze: reshapeBack,
  Unsqueeze: reshapeBack,
  Transpose: ({ g, node, grad }) => {
    const perm = integersAttribute(node, "perm");
    return [g.transpose(grad, perm.map((_, axis) => perm.indexOf(axis)))];
  },
  Concat: ({ g, node, inputs, grad }) => {
    const axis = integerAttribute(node, "axis");
    return g.split(grad, axis, inputs.map((x) => x!.shape[axis]!));
  },
  Split: ({ g, node, outputs, gradOutputs }) => {
    const parts = outputs.map((y, i) =>
      gradOutputs[i] ?? g.expand(g.constant(0, [], y.type), y.shape)
    );
    return [g.concat(parts, integerAttribute(node, "axis"))];
  },
  Slice: ({ g, inputs, grad }) => {
    const [x, starts, ends, axes] = inputs as [Value, Value, Value, Value];
    const [start, end, axis] = [starts, ends, axes].map((value) => g.integersOf(value)[0]!);
    return [
      g.pad(grad, x.shape.map((size, i) => i === axis ? [start!, size - end!] : [0, 0])),
    ];
  },
  Pad: ({ g, inputs, grad }) => {
    const [x, pads] = inputs as [Value, Value];
    const before = g.integersOf(pads).slice(0, x.shape.length);
    let result = grad;
    for (const [axis, size] of x.shape.entries()) {
      if (size === result.shape[axis]) continue;
      result = g.slice(result, axis, before[axis]!, before[axis]! + size);
    }
    return [result];
  },
  Expand: ({ g, inputs, grad }) => [sumToShape(g, grad, inputs[0]!.shape)],
  Resize: gradientOfResize,
  AveragePool: ({ g, node, inputs, grad }) => {
    const [x] = inputs as [Value];
    const size = integersAttribute(node, "kernel_shape")[0]!;
    const full = g.div(g.upsampleNearest(grad, size), size * size);
    // Rows and columns that do not fill a kernel do not affect the result.
    const rest = x.shape.map((size, i) => [0, size - full.shape[i]!] as const);
    return [rest.some(([, after]) => after > 0) ? g.pad(full, rest) : full];
  },
};

function reshapeBack({ g, inputs, grad }: GradientContext): readonly Value[] {
  return [g.reshape(grad, inputs[0]!.shape)];
}

/** Nearest upsampling by an integer factor: sums the pixels that are copies of one pixel. */
function gradientOfResize({ g, node, inputs, grad }: GradientContext): readonly Value[] {
  const [x] = inputs as [Value];
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const factor = grad.shape[2]! / h;
  if (node.attributes["mode"] !== "nearest" || !Number.isInteger(factor)) {
    throw new TypeError(
      `Cannot build the gradient of "${node.name}": expected mode "nearest" and an integer factor`,
    );
  }
  const blocks = g.reshape(grad, [n * c, h, factor, w * factor]);
  const rows = g.reshape(g.reduceSum(blocks, [2]), [n * c * h, w, factor]);
  return [g.reshape(g.reduceSum(rows, [2]), x.shape)];
}
