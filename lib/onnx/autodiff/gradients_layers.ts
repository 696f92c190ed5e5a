import { alignBytes } from "../../weights/float_view.ts";
import type { WeightEntry } from "../../weights/weight_source.ts";
import { bytesPerFloat } from "../../weights/float16.ts";
import { shapeSize } from "../../../kernels/gpu/shape_size.ts";
import type { Value } from "../graph/graph.ts";
import type { GraphBuilder } from "../graph/graph_builder.ts";
import {
  floatAttribute,
  type GradientContext,
  type GradientRules,
  integerAttribute,
  integersAttribute,
  sumToShape,
} from "./gradient_rule.ts";
import { softmaxGradient } from "./gradients_math.ts";

/** Gradient rules of matrix products, convolutions, normalizations and attention. */
export const LAYER_GRADIENTS: GradientRules = {
  MatMul: ({ g, inputs, grad, wanted }) => {
    const [a, b] = inputs as [Value, Value];
    return [
      wanted[0] ? sumToShape(g, g.matMul(grad, transposeMatrix(g, b)), a.shape) : undefined,
      wanted[1] ? sumToShape(g, g.matMul(transposeMatrix(g, a), grad), b.shape) : undefined,
    ];
  },
  Gemm: gradientOfGemm,
  Conv: gradientOfConv,
  LayerNormalization: gradientOfLayerNormalization,
  InstanceNormalization: gradientOfInstanceNormalization,
  MultiHeadAttention: gradientOfAttention,
};

/** Exchanges the last two axes. */
function transposeMatrix(g: GraphBuilder, x: Value): Value {
  const axes = x.shape.map((_, axis) => axis);
  return g.transpose(x, [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!]);
}

/**
 * Refuses the gradient of an input beyond the first `supported` ones.
 *
 * @throws {TypeError} If it is needed.
 */
function requireOnly({ node, wanted }: GradientContext, supported: number): void {
  const index = wanted.findIndex((isWanted, i) => isWanted && i >= supported);
  if (index === -1) return;
  throw new TypeError(
    `Cannot build the gradient of "${node.name}" with respect to "${node.inputs[index]}": ` +
      `expected one with respect to the first ${supported === 1 ? "input" : `${supported} inputs`}`,
  );
}

function gradientOfGemm(context: GradientContext): readonly (Value | undefined)[] {
  const { g, node, inputs, grad, wanted } = context;
  const [x, w, b] = inputs as [Value, Value, Value | undefined];
  if (node.attributes["transA"]) requireOnly(context, 0);
  const transB = node.attributes["transB"] === 1;
  const gradW = () =>
    transB
      ? g.gemm(grad, x, undefined, { transA: true })
      : g.gemm(x, grad, undefined, { transA: true });
  return [
    wanted[0] ? g.gemm(grad, w, undefined, { transB: !transB }) : undefined,
    wanted[1] ? gradW() : undefined,
    wanted[2] && b ? sumToShape(g, grad, b.shape) : undefined,
  ];
}

/**
 * Gradient of a convolution with respect to its input.
 *
 * With a stride of 1 it is a convolution with the kernel rotated by 180 degrees and the channels
 * exchanged. Runtimes compute that faster than the general case, a transposed convolution.
 */
function gradientOfConv(context: GradientContext): readonly Value[] {
  requireOnly(context, 1);
  const { g, node, inputs, grad } = context;
  const [x, w] = inputs as [Value, Value];
  const strides = integersAttribute(node, "strides") as [number, number];
  const pads = integersAttribute(node, "pads") as [number, number, number, number];
  const dilations = integersAttribute(node, "dilations") as [number, number];
  const group = integerAttribute(node, "group");
  const entry = g.entryOf(w);
  const extent = [0, 1].map((i) => dilations[i]! * (w.shape[2 + i]! - 1));
  const flippedPads = pads.map((pad, i) => extent[i % 2]! - pad) as [
    number,
    number,
    number,
    number,
  ];
  const isPlain = strides.every((step) => step === 1) && group === 1 &&
    flippedPads.every((pad) => pad >= 0);
  if (entry && isPlain) {
    const flipped = new FlippedWeight(entry);
    return [
      g.conv(grad, g.weight(flipped, flipped.shape), undefined, { pads: flippedPads, dilations }),
    ];
  }
  // Rows and columns at the end that the last stride did not cover.
  const outputPadding = [0, 1].map((i) =>
    x.shape[2 + i]! + pads[i]! + pads[2 + i]! - extent[i]! - 1 -
    strides[i]! * (grad.shape[2 + i]! - 1)
  ) as [number, number];
  return [g.convTranspose(grad, w, undefined, { strides, pads, dilations, group, outputPadding })];
}

/** Weight [O, I, kH, kW] as [I, O, kH, kW], with each kernel rotated by 180 degrees. */
class FlippedWeight implements WeightEntry {
  readonly key: string;
  readonly shape: readonly number[];
  readonly dtype: WeightEntry["dtype"];
  readonly #entry: WeightEntry;

  constructor(entry: WeightEntry) {
    const [o, i, h, w] = entry.shape as [number, number, number, number];
    this.key = `${entry.key}.flipped`;
    this.shape = [i, o, h, w];
    this.dtype = entry.dtype;
    this.#entry = entry;
  }

  read(type: "float32" | "float16", start = 0, count?: number): Uint8Array<ArrayBuffer> {
    const [inputs, outputs, h, w] = this.shape as [number, number, number, number];
    const kernel = h * w;
    const whole = alignBytes(this.#entry.read(type), 4);
    // The elements are only moved, so integers of the same size do.
    const Bits = type === "float32" ? Uint32Array : Uint16Array;
    const from = new Bits(whole.buffer, whole.byteOffset, shapeSize(this.shape));
    const to = new Bits(from.length);
    for (let i = 0; i < inputs; i++) {
      for (let o = 0; o < outputs; o++) {
        const source = (o * inputs + i) * kernel;
        const target = (i * outputs + o) * kernel;
        for (let k = 0; k < kernel; k++) to[target + k] = from[source + kernel - 1 - k]!;
      }
    }
    const end = count === undefined ? from.length : start + count;
    const size = bytesPerFloat(type);
    return new Uint8Array(to.buffer, start * size, (end - start) * size);
  }
}

/**
 * Gradient of y = scale * normal + bias with normal = (x - mean) / std, over some axes:
 * (h - mean(h) - normal * mean(h * normal)) / std, with h = grad * scale.
 *
 * Derivation: mean and std depend on all x, so
 * d normal_i / d x_j = (δ_ij - 1/n - normal_i normal_j / n) / std.
 *
 * @param parts.gradNormal Gradient with respect to `normal`: h.
 */
function normalizationGradient(
  g: GraphBuilder,
  parts: { readonly x: Value; readonly gradNormal: Value },
  axes: readonly number[],
  epsilon: number,
): Value {
  const { x, gradNormal } = parts;
  const centered = g.sub(x, g.reduceMean(x, axes));
  const variance = g.reduceMean(g.mul(centered, centered), axes);
  const std = g.sqrt(g.add(variance, epsilon));
  const normal = g.div(centered, std);
  const centeredGrad = g.sub(gradNormal, g.reduceMean(gradNormal, axes));
  const projection = g.mul(normal, g.reduceMean(g.mul(gradNormal, normal), axes));
  return g.div(g.sub(centeredGrad, projection), std);
}

function gradientOfLayerNormalization(context: GradientContext): readonly Value[] {
  requireOnly(context, 1);
  const { g, node, inputs, grad } = context;
  const [x, scale] = inputs as [Value, Value];
  const gradNormal = g.mul(grad, scale);
  const epsilon = floatAttribute(node, "epsilon");
  return [normalizationGradient(g, { x, gradNormal }, [-1], epsilon)];
}

function gradientOfInstanceNormalization(context: GradientContext): readonly Value[] {
  requireOnly(context, 1);
  const { g, node, inputs, grad } = context;
  const [x, scale] = inputs as [Value, Value];
  const axes = x.shape.map((_, axis) => axis).slice(2);
  const perChannel = [scale.shape[0]!, ...axes.map(() => 1)];
  const gradNormal = g.mul(grad, g.reshape(scale, perChannel));
  return [normalizationGradient(g, { x, gradNormal }, axes, floatAttribute(node, "epsilon"))];
}

/** Gradient of multi-head attention. It recomputes the probabilities instead of saving them. */
function gradientOfAttention(context: GradientContext): readonly (Value | undefined)[] {
  requireOnly(context, 3);
  const { g, node, inputs, grad, wanted } = context;
  const [q, k, v, , , mask] = inputs as Value[];
  const heads = integerAttribute(node, "num_heads");
  const split = (x: Value) => {
    const [n, s, d] = x.shape as [number, number, number];
    return g.transpose(g.reshape(x, [n, s, heads, d / heads]), [0, 2, 1, 3]);
  };
  const join = (x: Value, shape: readonly number[]) =>
    g.reshape(g.transpose(x, [0, 2, 1, 3]), shape);
  const [queries, keys, values, gradHeads] = [q!, k!, v!, grad].map(split) as [
    Value,
    Value,
    Value,
    Value,
  ];
  const scale = 1 / Math.sqrt(queries.shape[3]!);
  const scores = g.mul(g.matMul(queries, transposeMatrix(g, keys)), scale);
  const probabilities = g.softmax(mask ? g.add(scores, mask) : scores, -1);
  const gradProbabilities = g.matMul(gradHeads, transposeMatrix(g, values));
  const gradScores = g.mul(softmaxGradient(g, probabilities, gradProbabilities, -1), scale);
  return [
    wanted[0] ? join(g.matMul(gradScores, keys), q!.shape) : undefined,
    wanted[1] ? join(g.matMul(transposeMatrix(g, gradScores), queries), k!.shape) : undefined,
    wanted[2] ? join(g.matMul(transposeMatrix(g, probabilities), gradHeads), v!.shape) : undefined,
  ];
}
