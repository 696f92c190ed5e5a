/** Formats shapes for error messages: `[2, 4] and [3]`. */
export function describeShapes(...shapes: readonly (readonly number[])[]): string {
  return shapes.map((shape) => `[${shape.join(", ")}]`).join(" and ");
}

/**
 * Returns an axis as an index >= 0; a negative axis counts from the last one.
 *
 * @throws {RangeError} If there is no such axis.
 */
export function normalizeAxis(op: string, axis: number, rank: number): number {
  const normalized = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(axis) && normalized >= 0 && normalized < rank) return normalized;
  throw new RangeError(`Cannot build ${op}: expected an axis of ${rank} dimensions, got ${axis}`);
}

/**
 * Returns the shape of an elementwise operation with broadcasting: shapes are aligned at the last
 * dimension; dimensions that are 1 or missing are repeated.
 *
 * @throws {RangeError} If the shapes do not broadcast.
 */
export function broadcastShapes(
  op: string,
  ...shapes: readonly (readonly number[])[]
): readonly number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, i) => {
    let size = 1;
    for (const shape of shapes) {
      const other = shape[shape.length - rank + i] ?? 1;
      if (other === 1 || other === size) continue;
      if (size !== 1) {
        throw new RangeError(
          `Cannot build ${op}: expected shapes that broadcast, got ${describeShapes(...shapes)}`,
        );
      }
      size = other;
    }
    return size;
  });
}

/**
 * Returns the shape of a matrix product: a [..., M, K], b [..., K, N] -> [..., M, N]. The leading
 * dimensions broadcast.
 *
 * @throws {RangeError} If the shapes do not fit.
 */
export function matMulShape(a: readonly number[], b: readonly number[]): readonly number[] {
  if (a.length < 2 || b.length < 2 || a.at(-1) !== b.at(-2)) {
    throw new RangeError(
      `Cannot build MatMul: expected [..., M, K] and [..., K, N], got ${describeShapes(a, b)}`,
    );
  }
  const batch = broadcastShapes("MatMul", a.slice(0, -2), b.slice(0, -2));
  return [...batch, a.at(-2)!, b.at(-1)!];
}

/** Strides, padding, dilations and groups of a convolution. */
export interface ConvOptions {
  /** Stride along height and width; a number stands for both. Default: 1. */
  readonly strides?: number | readonly [number, number];
  /** Padding at top, left, bottom and right; a number stands for all four. Default: 0. */
  readonly pads?: number | readonly [number, number, number, number];
  /** Dilation of the kernel along height and width; a number stands for both. Default: 1. */
  readonly dilations?: number | readonly [number, number];
  /** Number of groups of channels. Default: 1. */
  readonly group?: number;
}

/** {@linkcode ConvOptions} without defaults. */
export interface FullConvOptions {
  /** Stride along height and width. */
  readonly strides: readonly [number, number];
  /** Padding at top, left, bottom and right. */
  readonly pads: readonly [number, number, number, number];
  /** Dilation of the kernel along height and width. */
  readonly dilations: readonly [number, number];
  /** Number of groups of channels. */
  readonly group: number;
}

/** Fills in the defaults of the options of a convolution. */
export function fullConvOptions(options: ConvOptions): FullConvOptions {
  const { strides = 1, pads = 0, dilations = 1, group = 1 } = options;
  return {
    strides: typeof strides === "number" ? [strides, strides] : strides,
    pads: typeof pads === "number" ? [pads, pads, pads, pads] : pads,
    dilations: typeof dilations === "number" ? [dilations, dilations] : dilations,
    group,
  };
}

/**
 * Returns the shape of a convolution: x [N, C, H, W], weight [O, C / group, kH, kW] ->
 * [N, O, H', W'].
 *
 * @throws {RangeError} If the shapes do not fit, or the result is empty.
 */
export function convShape(
  x: readonly number[],
  weight: readonly number[],
  options: FullConvOptions,
): readonly number[] {
  const { strides, pads, dilations, group } = options;
  const fits = x.length === 4 && weight.length === 4 && x[1] === weight[1]! * group &&
    weight[0]! % group === 0;
  const sizes = [0, 1].map((i) =>
    Math.floor(
      (x[2 + i]! + pads[i]! + pads[2 + i]! - dilations[i]! * (weight[2 + i]! - 1) - 1) /
        strides[i]!,
    ) + 1
  );
  if (!fits || sizes.some((size) => !(size >= 1))) {
    throw new RangeError(
      `Cannot build Conv: expected [N, C, H, W] and [O, C / ${group}, kH, kW], ` +
        `got ${describeShapes(x, weight)}`,
    );
  }
  return [x[0]!, weight[0]!, sizes[0]!, sizes[1]!];
}

/**
 * Returns the shape of a transposed convolution: x [N, C, H, W], weight [C, O / group, kH, kW] ->
 * [N, O, H', W'].
 *
 * @throws {RangeError} If the shapes do not fit.
 */
export function convTransposeShape(
  x: readonly number[],
  weight: readonly number[],
  options: FullConvOptions & { readonly outputPadding: readonly [number, number] },
): readonly number[] {
  const { strides, pads, dilations, group, outputPadding } = options;
  if (x.length !== 4 || weight.length !== 4 || x[1] !== weight[0]) {
    throw new RangeError(
      `Cannot build ConvTranspose: expected [N, C, H, W] and [C, O, kH, kW], ` +
        `got ${describeShapes(x, weight)}`,
    );
  }
  const sizes = [0, 1].map((i) =>
    strides[i]! * (x[2 + i]! - 1) + outputPadding[i]! + dilations[i]! * (weight[2 + i]! - 1) + 1 -
    pads[i]! - pads[2 + i]!
  );
  return [x[0]!, weight[1]! * group, sizes[0]!, sizes[1]!];
}

/** Returns the shape of a reduction over axes, which stay as dimensions of 1 with `keepDims`. */
export function reducedShape(
  shape: readonly number[],
  axes: readonly number[],
  keepDims: boolean,
): readonly number[] {
  return keepDims
    ? shape.map((size, axis) => axes.includes(axis) ? 1 : size)
    : shape.filter((_, axis) => !axes.includes(axis));
}
