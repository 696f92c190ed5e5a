import type { ImageSize } from "../image/image.ts";

/** A shift in cells; what leaves at one end comes back at the other. */
export interface Shift {
  /** Rows downward. */
  readonly y: number;
  /** Columns to the right. */
  readonly x: number;
}

/** Returns the size of latents of shape [1, C, h, w]. */
export function gridOf(shape: readonly number[]): ImageSize {
  return { height: shape[2]!, width: shape[3]! };
}

/**
 * Shifts planes cyclically.
 *
 * @param planes Shape [1, C, h, w].
 */
export function rollPlanes(
  planes: Float32Array,
  { height, width }: ImageSize,
  { y: dy, x: dx }: Shift,
): Float32Array<ArrayBuffer> {
  const rolled = new Float32Array(planes.length);
  const area = height * width;
  for (let i = 0; i < planes.length; i++) {
    const [plane, cell] = [Math.floor(i / area), i % area];
    const y = modulo(Math.floor(cell / width) + dy, height);
    const x = modulo(cell % width + dx, width);
    rolled[plane * area + y * width + x] = planes[i]!;
  }
  return rolled;
}

/** Returns the remainder of a floored division, in [0, count). */
function modulo(value: number, count: number): number {
  return ((value % count) + count) % count;
}

/**
 * Sums planes with their images under moves of their cells.
 *
 * @param planes Shape [1, C, h, w].
 * @param moves Index of each cell after the move, shape [h, w] each.
 */
export function sumOverMoves(
  planes: Float32Array,
  moves: readonly Uint32Array[],
): Float32Array<ArrayBuffer> {
  const area = moves[0]?.length ?? planes.length;
  return Float32Array.from(planes, (own, i) => {
    const cell = i % area;
    return moves.reduce((sum, move) => sum + planes[i - cell + move[cell]!]!, own);
  });
}
