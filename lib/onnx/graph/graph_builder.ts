import { shapeSize } from "../../../kernels/gpu/shape_size.ts";
import type { Value } from "./graph.ts";
import { GraphMath } from "./graph_math.ts";
import {
  broadcastShapes,
  type ConvOptions,
  convShape,
  convTransposeShape,
  describeShapes,
  fullConvOptions,
  matMulShape,
  normalizeAxis,
} from "./shape_inference.ts";

/** What hides a token from another: below every score, and finite in float16. */
const MASKED_SCORE = -10_000;

/**
 * Builds a graph. The methods are the ONNX operators in camelCase, and a few compounds of them.
 *
 * Shapes are static and inferred while building: a wrong shape throws at its line.
 *
 * Source: https://onnx.ai/onnx/operators, opset 18, and onnxruntime's ContribOperators.md.
 */
export class GraphBuilder extends GraphMath {
  /** Multiplies matrices: a [..., M, K], b [..., K, N] -> [..., M, N]; other sides broadcast. */
  matMul(a: Value, b: Value): Value {
    return this.node("MatMul", { inputs: [a, b] }, a.type, matMulShape(a.shape, b.shape));
  }

  /** Multiplies matrices and adds a bias: x [M, K], w [K, N] (or [N, K] with `transB`), b [N]. */
  gemm(
    x: Value,
    w: Value,
    b?: Value,
    options: { readonly transA?: boolean; readonly transB?: boolean } = {},
  ): Value {
    const { transA = false, transB = false } = options;
    const flip = (shape: readonly number[], flag: boolean) => flag ? [...shape].reverse() : shape;
    const shape = matMulShape(flip(x.shape, transA), flip(w.shape, transB));
    if (shape.length !== 2 || (b && b.shape.at(-1) !== shape[1])) {
      throw new RangeError(
        `Cannot build Gemm: expected two matrices and a bias of the second's width, ` +
          `got ${describeShapes(x.shape, w.shape, ...(b ? [b.shape] : []))}`,
      );
    }
    const attributes = { transA: transA ? 1 : 0, transB: transB ? 1 : 0 };
    return this.node("Gemm", { inputs: [x, w, b], attributes }, x.type, shape);
  }

  /** Applies a linear layer to the last side: x [..., I], w [O, I], b [O] -> [..., O]. */
  linear(x: Value, w: Value, b?: Value): Value {
    const width = x.shape.at(-1);
    if (width === undefined || w.shape.length !== 2 || w.shape[1] !== width) {
      throw new RangeError(
        `Cannot build a linear layer: expected [..., I] and [O, I], ` +
          `got ${describeShapes(x.shape, w.shape)}`,
      );
    }
    if (x.shape.length === 2) return this.gemm(x, w, b, { transB: true });
    const rows = this.reshape(x, [shapeSize(x.shape) / width, width]);
    const y = this.gemm(rows, w, b, { transB: true });
    return this.reshape(y, [...x.shape.slice(0, -1), w.shape[0]!]);
  }

  /** Convolves: x [N, C, H, W], w [O, C / group, kH, kW], b [O]. */
  conv(x: Value, w: Value, b?: Value, options: ConvOptions = {}): Value {
    const full = fullConvOptions(options);
    const attributes = { ...full, kernel_shape: w.shape.slice(2) };
    const shape = convShape(x.shape, w.shape, full);
    return this.node("Conv", { inputs: [x, w, b], attributes }, x.type, shape);
  }

  /** Convolves backwards: x [N, C, H, W], w [C, O / group, kH, kW], b [O]. */
  convTranspose(
    x: Value,
    w: Value,
    b?: Value,
    options: ConvOptions & { readonly outputPadding?: number | readonly [number, number] } = {},
  ): Value {
    const { outputPadding = 0, ...rest } = options;
    const full = fullConvOptions(rest);
    const padding: readonly [number, number] = typeof outputPadding === "number"
      ? [outputPadding, outputPadding]
      : outputPadding;
    const shape = convTransposeShape(x.shape, w.shape, { ...full, outputPadding: padding });
    const attributes = { ...full, kernel_shape: w.shape.slice(2), output_padding: padding };
    return this.node("ConvTranspose", { inputs: [x, w, b], attributes }, x.type, shape);
  }

  /** Changes the shape; one side may be -1, which is what remains. */
  reshape(x: Value, shape: readonly number[]): Value {
    const known = shapeSize(shape.filter((side) => side !== -1));
    const sides = shape.map((side) => side === -1 ? shapeSize(x.shape) / known : side);
    if (shapeSize(sides) !== shapeSize(x.shape) || sides.some((side) => !Number.isInteger(side))) {
      throw new RangeError(
        `Cannot build Reshape: expected ${shapeSize(x.shape)} values, ` +
          `got ${describeShapes(x.shape, shape)}`,
      );
    }
    if (sides.length === x.shape.length && sides.every((side, i) => side === x.shape[i])) return x;
    return this.node("Reshape", { inputs: [x, this.#int64(sides)] }, x.type, sides);
  }

  /** Reorders axes: side i of the result is side perm[i] of `x`. */
  transpose(x: Value, perm: readonly number[]): Value {
    const isPermutation = perm.length === x.shape.length &&
      new Set(perm).size === perm.length && perm.every((axis) => x.shape[axis] !== undefined);
    if (!isPermutation) {
      throw new RangeError(
        `Cannot build Transpose: expected an order of ${x.shape.length} axes, got [${perm}]`,
      );
    }
    const shape = perm.map((axis) => x.shape[axis]!);
    return this.node("Transpose", { inputs: [x], attributes: { perm } }, x.type, shape);
  }

  /** Joins tensors along an axis. */
  concat(xs: readonly Value[], axis: number): Value {
    const first = xs[0];
    if (!first) throw new RangeError("Cannot build Concat: expected at least one tensor, got none");
    const along = normalizeAxis("Concat", axis, first.shape.length);
    const fits = xs.every((x) =>
      x.type === first.type && x.shape.length === first.shape.length &&
      x.shape.every((side, i) => i === along || side === first.shape[i])
    );
    if (!fits) {
      throw new RangeError(
        `Cannot build Concat along axis ${along}: ` +
          `got ${describeShapes(...xs.map((x) => x.shape))}`,
      );
    }
    if (xs.length === 1) return first;
    const total = xs.reduce((sum, x) => sum + x.shape[along]!, 0);
    const shape = first.shape.with(along, total);
    return this.node("Concat", { inputs: xs, attributes: { axis: along } }, first.type, shape);
  }

  /** Cuts along an axis into parts of the given sizes. */
  split(x: Value, axis: number, sizes: readonly number[]): Value[] {
    const along = normalizeAxis("Split", axis, x.shape.length);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    if (total !== x.shape[along]) {
      throw new RangeError(
        `Cannot build Split: expected sizes that sum to ${x.shape[along]}, got [${sizes}]`,
      );
    }
    return this.nodeWithOutputs(
      "Split",
      { inputs: [x, this.#int64(sizes)], attributes: { axis: along } },
      x.type,
      sizes.map((size) => x.shape.with(along, size)),
    );
  }

  /** Takes the range [start, end) of an axis; negative limits count from the end. */
  slice(x: Value, axis: number, start: number, end: number): Value {
    const along = normalizeAxis("Slice", axis, x.shape.length);
    const side = x.shape[along]!;
    const from = start < 0 ? start + side : start;
    const to = Math.min(side, end < 0 ? end + side : end);
    if (!(from >= 0 && from < to)) {
      throw new RangeError(
        `Cannot build Slice: expected a range inside ${side} values, got [${start}, ${end})`,
      );
    }
    const inputs = [x, this.#int64([from]), this.#int64([to]), this.#int64([along])];
    return this.node("Slice", { inputs }, x.type, x.shape.with(along, to - from));
  }

  /** Adds sides of 1 at the given axes of the result. */
  unsqueeze(x: Value, axes: readonly number[]): Value {
    const rank = x.shape.length + axes.length;
    const added = axes.map((axis) => normalizeAxis("Unsqueeze", axis, rank));
    const sides = x.shape.values();
    const shape = Array.from(
      { length: rank },
      (_, i) => added.includes(i) ? 1 : sides.next().value!,
    );
    return this.node("Unsqueeze", { inputs: [x, this.#int64(added)] }, x.type, shape);
  }

  /** Removes sides of 1. */
  squeeze(x: Value, axes: readonly number[]): Value {
    const removed = axes.map((axis) => normalizeAxis("Squeeze", axis, x.shape.length));
    if (removed.some((axis) => x.shape[axis] !== 1)) {
      throw new RangeError(
        `Cannot build Squeeze: expected sides of 1 at [${axes}], got ${describeShapes(x.shape)}`,
      );
    }
    const shape = x.shape.filter((_, i) => !removed.includes(i));
    return this.node("Squeeze", { inputs: [x, this.#int64(removed)] }, x.type, shape);
  }

  /** Picks entries along an axis; the axis is replaced with the shape of `indices` (integers). */
  gather(x: Value, indices: Value, axis: number): Value {
    const along = normalizeAxis("Gather", axis, x.shape.length);
    const shape = [...x.shape.slice(0, along), ...indices.shape, ...x.shape.slice(along + 1)];
    return this.node(
      "Gather",
      { inputs: [x, indices], attributes: { axis: along } },
      x.type,
      shape,
    );
  }

  /** Picks one value for each index along an axis; the result has the shape of `indices`. */
  gatherElements(x: Value, indices: Value, axis: number): Value {
    const along = normalizeAxis("GatherElements", axis, x.shape.length);
    const attributes = { axis: along };
    return this.node("GatherElements", { inputs: [x, indices], attributes }, x.type, indices.shape);
  }

  /** Repeats sides of 1, by the rules of broadcasting. */
  expand(x: Value, shape: readonly number[]): Value {
    const sides = broadcastShapes("Expand", x.shape, shape);
    return this.node("Expand", { inputs: [x, this.#int64(shape)] }, x.type, sides);
  }

  /** Adds a constant around each axis: `pads` is [before, after] for every axis. */
  pad(x: Value, pads: readonly (readonly [number, number])[], value = 0): Value {
    if (pads.length !== x.shape.length) {
      throw new RangeError(
        `Cannot build Pad: expected ${x.shape.length} pairs, got ${pads.length}`,
      );
    }
    const flat = [...pads.map(([before]) => before), ...pads.map(([, after]) => after)];
    const shape = x.shape.map((side, i) => side + pads[i]![0] + pads[i]![1]);
    const inputs = [x, this.#int64(flat), this.constant(value, [], x.type)];
    return this.node("Pad", { inputs, attributes: { mode: "constant" } }, x.type, shape);
  }

  /** Enlarges [N, C, H, W] by an integer; every pixel becomes factor x factor pixels. */
  upsampleNearest(x: Value, factor: number): Value {
    const [n, c, h, w] = x.shape;
    if (x.shape.length !== 4 || !Number.isInteger(factor) || factor < 1) {
      throw new RangeError(
        `Cannot build Resize: expected [N, C, H, W] and an integer factor, ` +
          `got ${describeShapes(x.shape)} and ${factor}`,
      );
    }
    const scales = this.constant([1, 1, factor, factor], [4], "float32");
    const attributes = {
      mode: "nearest",
      nearest_mode: "floor",
      coordinate_transformation_mode: "asymmetric",
    };
    const shape = [n!, c!, h! * factor, w! * factor];
    return this.node("Resize", { inputs: [x, undefined, scales], attributes }, x.type, shape);
  }

  /** Resizes [N, C, H, W] to [height, width], bilinear; corners aligned as asked. */
  resizeBilinear(
    x: Value,
    size: readonly [number, number],
    options: { readonly alignCorners?: boolean } = {},
  ): Value {
    const shape = [...x.shape.slice(0, 2), ...size];
    const attributes = {
      mode: "linear",
      coordinate_transformation_mode: options.alignCorners ? "align_corners" : "pytorch_half_pixel",
    };
    const inputs = [x, undefined, undefined, this.#int64(shape)];
    return this.node("Resize", { inputs, attributes }, x.type, shape);
  }

  /** Averages windows of [N, C, H, W] without padding; steps as long as the window. */
  averagePool(x: Value, size: number): Value {
    const [n, c, h, w] = x.shape;
    const attributes = { kernel_shape: [size, size], strides: [size, size] };
    const shape = [n!, c!, Math.floor(h! / size), Math.floor(w! / size)];
    return this.node("AveragePool", { inputs: [x], attributes }, x.type, shape);
  }

  /** Normalizes the last side to mean 0 and variance 1, then scales and shifts it. */
  layerNormalization(x: Value, scale: Value, bias: Value, epsilon: number): Value {
    const width = x.shape.at(-1);
    if (scale.shape.length !== 1 || scale.shape[0] !== width || bias.shape[0] !== width) {
      throw new RangeError(
        `Cannot build LayerNormalization: expected scale and bias [${width}], ` +
          `got ${describeShapes(scale.shape, bias.shape)}`,
      );
    }
    const attributes = { axis: -1, epsilon: { float: epsilon } };
    return this.node(
      "LayerNormalization",
      { inputs: [x, scale, bias], attributes },
      x.type,
      x.shape,
    );
  }

  /** Normalizes each channel of [N, C, ...] by itself, then scales and shifts it: scale, bias [C]. */
  instanceNormalization(x: Value, scale: Value, bias: Value, epsilon: number): Value {
    const attributes = { epsilon: { float: epsilon } };
    const inputs = [x, scale, bias];
    return this.node("InstanceNormalization", { inputs, attributes }, x.type, x.shape);
  }

  /** Normalizes groups of channels of [N, C, ...], then scales and shifts each: scale, bias [C]. */
  groupNormalization(x: Value, scale: Value, bias: Value, groups: number, epsilon: number): Value {
    const channels = x.shape[1]!;
    if (channels % groups !== 0 || scale.shape[0] !== channels || bias.shape[0] !== channels) {
      throw new RangeError(
        `Cannot build a group normalization of ${groups} groups: ` +
          `got ${describeShapes(x.shape, scale.shape, bias.shape)}`,
      );
    }
    const ones = this.constant(new Array<number>(groups).fill(1), [groups], x.type);
    const zeros = this.constant(new Array<number>(groups).fill(0), [groups], x.type);
    const grouped = this.reshape(x, [x.shape[0]!, groups, -1]);
    const normal = this.reshape(
      this.instanceNormalization(grouped, ones, zeros, epsilon),
      x.shape,
    );
    const sides = [channels, ...x.shape.slice(2).map(() => 1)];
    return this.add(this.mul(normal, this.reshape(scale, sides)), this.reshape(bias, sides));
  }

  /**
   * Attends with several heads: q [N, S, D], k and v [N, T, D] -> [N, S, D].
   *
   * @param options.heads Number of heads; each takes D / heads channels.
   * @param options.causal Whether a token sees only itself and those before it. Default: false.
   */
  attention(
    q: Value,
    k: Value,
    v: Value,
    options: { readonly heads: number; readonly causal?: boolean },
  ): Value {
    const { heads, causal = false } = options;
    const fits = [q, k, v].every((x) =>
      x.shape.length === 3 && x.shape[0] === q.shape[0] && x.shape[2]! % heads === 0
    );
    if (!fits || q.shape[2] !== k.shape[2] || k.shape[1] !== v.shape[1]) {
      throw new RangeError(
        `Cannot build attention with ${heads} heads: expected [N, S, D], [N, T, D], [N, T, D], ` +
          `got ${describeShapes(q.shape, k.shape, v.shape)}`,
      );
    }
    const mask = causal ? this.#causalMask(q, k) : undefined;
    const inputs = [q, k, v, undefined, undefined, mask];
    const shape = [q.shape[0]!, q.shape[1]!, v.shape[2]!];
    return this.node(
      "MultiHeadAttention",
      { inputs, domain: "com.microsoft", attributes: { num_heads: heads } },
      q.type,
      shape,
    );
  }

  #causalMask(q: Value, k: Value): Value {
    const [rows, columns] = [q.shape[1]!, k.shape[1]!];
    const scores = Array.from(
      { length: rows * columns },
      (_, i) => i % columns > Math.floor(i / columns) ? MASKED_SCORE : 0,
    );
    return this.constant(scores, [1, 1, rows, columns], q.type);
  }

  #int64(values: readonly number[]): Value {
    return this.constant(values, [values.length], "int64");
  }
}
