/** Describes shapes for messages: `[2, 4] and [3]`. */
export function describeShapes(...shapes: readonly (readonly number[])[]): string {
  return shapes.map((shape) => `[${shape.join(", ")}]`).join(" and ");
}

/** Returns an axis counted from the front, given one that may count from the back. */
export function normalizeAxis(op: string, axis: number, rank: number): number {
  const normalized = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(axis) && normalized >= 0 && normalized < rank) return normalized;
  throw new RangeError(`Cannot build ${op}: expected an axis of ${rank} sides, got ${axis}`);
}

/** Returns the shape of an elementwise operation. Shapes are compared from their last side. */
export function broadcastShapes(
  op: string,
  ...shapes: readonly (readonly number[])[]
): readonly number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, i) => {
    let side = 1;
    for (const shape of shapes) {
      const other = shape[shape.length - rank + i] ?? 1;
      if (other === 1 || other === side) continue;
      if (side !== 1) {
        throw new RangeError(
          `Cannot build ${op}: expected shapes that broadcast, got ${describeShapes(...shapes)}`,
        );
      }
      side = other;
    }
    return side;
  });
}

/** Returns the shape of a matrix product over the last two sides, the others broadcast. */
export function matMulShape(a: readonly number[], b: readonly number[]): readonly number[] {
  if (a.length < 2 || b.length < 2 || a.at(-1) !== b.at(-2)) {
    throw new RangeError(
      `Cannot build MatMul: expected [..., M, K] and [..., K, N], got ${describeShapes(a, b)}`,
    );
  }
  const batch = broadcastShapes("MatMul", a.slice(0, -2), b.slice(0, -2));
  return [...batch, a.at(-2)!, b.at(-1)!];
}

/** How a window moves over an image. */
export interface ConvOptions {
  /** Steps along height and width, or along both. Default: 1. */
  readonly strides?: number | readonly [number, number];
  /** Pixels added at top, left, bottom and right, or at all four. Default: 0. */
  readonly pads?: number | readonly [number, number, number, number];
  /** Distances inside the window along height and width, or along both. Default: 1. */
  readonly dilations?: number | readonly [number, number];
  /** Number of groups of channels. Default: 1. */
  readonly group?: number;
}

/** Options of a convolution, all given. */
export interface FullConvOptions {
  /** Steps along height and width. */
  readonly strides: readonly [number, number];
  /** Pixels added at top, left, bottom and right. */
  readonly pads: readonly [number, number, number, number];
  /** Distances inside the window along height and width. */
  readonly dilations: readonly [number, number];
  /** Number of groups of channels. */
  readonly group: number;
}

/** Fills in the defaults. */
export function fullConvOptions(options: ConvOptions): FullConvOptions {
  const { strides = 1, pads = 0, dilations = 1, group = 1 } = options;
  return {
    strides: typeof strides === "number" ? [strides, strides] : strides,
    pads: typeof pads === "number" ? [pads, pads, pads, pads] : pads,
    dilations: typeof dilations === "number" ? [dilations, dilations] : dilations,
    group,
  };
}

/** Returns the shape of a convolution: x [N, C, H, W], weight [O, C / group, kH, kW]. */
export function convShape(
  x: readonly number[],
  weight: readonly number[],
  options: FullConvOptions,
): readonly number[] {
  const { strides, pads, dilations, group } = options;
  const fits = x.length === 4 && weight.length === 4 && x[1] === weight[1]! * group &&
    weight[0]! % group === 0;
  const sides = [0, 1].map((i) =>
    Math.floor(
      (x[2 + i]! + pads[i]! + pads[2 + i]! - dilations[i]! * (weight[2 + i]! - 1) - 1) /
        strides[i]!,
    ) + 1
  );
  if (!fits || sides.some((side) => !(side >= 1))) {
    throw new RangeError(
      `Cannot build Conv: expected [N, C, H, W] and [O, C / ${group}, kH, kW], ` +
        `got ${describeShapes(x, weight)}`,
    );
  }
  return [x[0]!, weight[0]!, sides[0]!, sides[1]!];
}

/** Returns the shape of a transposed convolution: x [N, C, H, W], weight [C, O / group, kH, kW]. */
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
  const sides = [0, 1].map((i) =>
    strides[i]! * (x[2 + i]! - 1) + outputPadding[i]! + dilations[i]! * (weight[2 + i]! - 1) + 1 -
    pads[i]! - pads[2 + i]!
  );
  return [x[0]!, weight[1]! * group, sides[0]!, sides[1]!];
}

/** Returns the shape after reducing axes. */
export function reducedShape(
  shape: readonly number[],
  axes: readonly number[],
  keepDims: boolean,
): readonly number[] {
  return keepDims
    ? shape.map((side, axis) => axes.includes(axis) ? 1 : side)
    : shape.filter((_, axis) => !axes.includes(axis));
}
