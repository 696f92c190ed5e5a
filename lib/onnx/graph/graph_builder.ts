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

/** Added to the score of a token that must not be attended to. It is finite in float16. */
const MASKED_SCORE = -10_000;

/**
 * Builds a graph. The methods are ONNX operators in camelCase and a few compositions of them.
 *
 * Shapes are static and inferred immediately: an operator whose inputs do not fit throws a
 * RangeError.
 *
 * Source: https://onnx.ai/onnx/operators, opset 18, and onnxruntime's ContribOperators.md.
 */
export class GraphBuilder extends GraphMath {
  /**
   * Matrix product: a [..., M, K], b [..., K, N] -> [..., M, N]. The leading dimensions broadcast.
   */
  matMul(a: Value, b: Value): Value {
    return this.node("MatMul", { inputs: [a, b] }, a.type, matMulShape(a.shape, b.shape));
  }

  /**
   * Matrix product with bias: x [M, K], w [K, N], b [N] -> [M, N].
   *
   * @param options.transA Whether `x` is given as [K, M]. Default: false.
   * @param options.transB Whether `w` is given as [N, K]. Default: false.
   */
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

  /** Linear layer over the last dimension: x [..., I], w [O, I], b [O] -> [..., O]. */
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

  /** Convolution: x [N, C, H, W], w [O, C / group, kH, kW], b [O] -> [N, O, H', W']. */
  conv(x: Value, w: Value, b?: Value, options: ConvOptions = {}): Value {
    const full = fullConvOptions(options);
    const attributes = { ...full, kernel_shape: w.shape.slice(2) };
    const shape = convShape(x.shape, w.shape, full);
    return this.node("Conv", { inputs: [x, w, b], attributes }, x.type, shape);
  }

  /** Transposed convolution: x [N, C, H, W], w [C, O / group, kH, kW], b [O] -> [N, O, H', W']. */
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

  /** Changes the shape. One dimension may be -1: it is inferred. Returns `x` if nothing changes. */
  reshape(x: Value, shape: readonly number[]): Value {
    const size = shapeSize(x.shape);
    const known = shapeSize(shape.filter((dimension) => dimension !== -1));
    const full = shape.map((dimension) => dimension === -1 ? size / known : dimension);
    if (shapeSize(full) !== size || !full.every(Number.isInteger)) {
      throw new RangeError(
        `Cannot build Reshape: expected ${size} values, ` +
          `got ${describeShapes(x.shape, shape)}`,
      );
    }
    if (full.join() === x.shape.join()) return x;
    return this.node("Reshape", { inputs: [x, this.#int64(full)] }, x.type, full);
  }

  /** Reorders axes: axis i of the result is axis perm[i] of `x`. */
  transpose(x: Value, perm: readonly number[]): Value {
    const isPermutation = perm.length === x.shape.length &&
      new Set(perm).size === perm.length && perm.every((axis) => x.shape[axis] !== undefined);
    if (!isPermutation) {
      throw new RangeError(
        `Cannot build Transpose: expected a permutation of ${x.shape.length} axes, got [${perm}]`,
      );
    }
    const shape = perm.map((axis) => x.shape[axis]!);
    return this.node("Transpose", { inputs: [x], attributes: { perm } }, x.type, shape);
  }

  /** Concatenates tensors along an axis. */
  concat(xs: readonly Value[], axis: number): Value {
    const first = xs[0];
    if (!first) throw new RangeError("Cannot build Concat: expected at least one tensor, got none");
    const along = normalizeAxis("Concat", axis, first.shape.length);
    const fits = xs.every((x) =>
      x.type === first.type && x.shape.length === first.shape.length &&
      x.shape.every((size, i) => i === along || size === first.shape[i])
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

  /** Splits a tensor along an axis into parts of the given sizes. */
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

  /** Returns the range [start, end) of an axis; negative limits count from the end. */
  slice(x: Value, axis: number, start: number, end: number): Value {
    const along = normalizeAxis("Slice", axis, x.shape.length);
    const size = x.shape[along]!;
    const from = start < 0 ? start + size : start;
    const to = Math.min(size, end < 0 ? end + size : end);
    if (!(from >= 0 && from < to)) {
      throw new RangeError(
        `Cannot build Slice: expected a range inside ${size} values, got [${start}, ${end})`,
      );
    }
    const inputs = [x, this.#int64([from]), this.#int64([to]), this.#int64([along])];
    return this.node("Slice", { inputs }, x.type, x.shape.with(along, to - from));
  }

  /** Inserts dimensions of 1; `axes` are those of the result. */
  unsqueeze(x: Value, axes: readonly number[]): Value {
    const rank = x.shape.length + axes.length;
    const added = axes.map((axis) => normalizeAxis("Unsqueeze", axis, rank));
    const dimensions = x.shape.values();
    const shape = Array.from(
      { length: rank },
      (_, i) => added.includes(i) ? 1 : dimensions.next().value!,
    );
    return this.node("Unsqueeze", { inputs: [x, this.#int64(added)] }, x.type, shape);
  }

  /** Removes dimensions of 1. */
  squeeze(x: Value, axes: readonly number[]): Value {
    const removed = axes.map((axis) => normalizeAxis("Squeeze", axis, x.shape.length));
    if (removed.some((axis) => x.shape[axis] !== 1)) {
      throw new RangeError(
        `Cannot build Squeeze: expected dimensions of 1 at [${axes}], got ${
          describeShapes(x.shape)
        }`,
      );
    }
    const shape = x.shape.filter((_, i) => !removed.includes(i));
    return this.node("Squeeze", { inputs: [x, this.#int64(removed)] }, x.type, shape);
  }

  /** Selects entries along an axis, which is replaced by the shape of `indices` (integers). */
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

  /** Selects one element per index along an axis; the result has the shape of `indices`. */
  gatherElements(x: Value, indices: Value, axis: number): Value {
    const along = normalizeAxis("GatherElements", axis, x.shape.length);
    const attributes = { axis: along };
    return this.node("GatherElements", { inputs: [x, indices], attributes }, x.type, indices.shape);
  }

  /** Broadcasts a tensor to a shape. */
  expand(x: Value, shape: readonly number[]): Value {
    const broadcast = broadcastShapes("Expand", x.shape, shape);
    return this.node("Expand", { inputs: [x, this.#int64(shape)] }, x.type, broadcast);
  }

  /**
   * Pads a tensor with a constant value.
   *
   * @param pads Number of elements [before, after], for every axis.
   */
  pad(x: Value, pads: readonly (readonly [number, number])[], value = 0): Value {
    if (pads.length !== x.shape.length) {
      throw new RangeError(
        `Cannot build Pad: expected ${x.shape.length} pairs, got ${pads.length}`,
      );
    }
    const flat = [...pads.map(([before]) => before), ...pads.map(([, after]) => after)];
    const shape = x.shape.map((size, i) => size + pads[i]![0] + pads[i]![1]);
    const inputs = [x, this.#int64(flat), this.constant(value, [], x.type)];
    return this.node("Pad", { inputs, attributes: { mode: "constant" } }, x.type, shape);
  }

  /** Nearest upsampling of [N, C, H, W]: each pixel becomes factor x factor equal pixels. */
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

  /**
   * Bilinear resize of [N, C, H, W] to [height, width].
   *
   * @param options.alignCorners Whether the centers of the corner pixels stay at the corners, as in
   * PyTorch. Default: false.
   */
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

  /** Average pooling of [N, C, H, W] with a square kernel, the same stride and no padding. */
  averagePool(x: Value, size: number): Value {
    const [n, c, h, w] = x.shape;
    const attributes = { kernel_shape: [size, size], strides: [size, size] };
    const shape = [n!, c!, Math.floor(h! / size), Math.floor(w! / size)];
    return this.node("AveragePool", { inputs: [x], attributes }, x.type, shape);
  }

  /** Layer normalization over the last dimension: x [..., C], scale and bias [C]. */
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

  /** Instance normalization of each channel: x [N, C, ...], scale and bias [C]. */
  instanceNormalization(x: Value, scale: Value, bias: Value, epsilon: number): Value {
    const attributes = { epsilon: { float: epsilon } };
    const inputs = [x, scale, bias];
    return this.node("InstanceNormalization", { inputs, attributes }, x.type, x.shape);
  }

  /** Group normalization: x [N, C, ...], scale and bias [C]; `groups` divides C. */
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
    const perChannel = [channels, ...x.shape.slice(2).map(() => 1)];
    const scaled = this.mul(normal, this.reshape(scale, perChannel));
    return this.add(scaled, this.reshape(bias, perChannel));
  }

  /**
   * Multi-head attention: q [N, S, D], k and v [N, T, D] -> [N, S, D].
   *
   * @param options.heads Number of heads, each of D / heads channels.
   * @param options.causal Whether a token attends only to itself and earlier tokens.
   * Default: false.
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
