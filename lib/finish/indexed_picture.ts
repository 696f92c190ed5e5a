import type { ImageSize } from "../image/image.ts";
import type { Palette } from "../palette/palette.ts";

/**
 * A picture: a palette index for each pixel.
 *
 * Index K, one past the colors, is the transparent class.
 */
export interface IndexedPicture extends ImageSize {
  /** The K colors. */
  readonly palette: Palette;
  /** Shape [H, W], each in [0, K]. */
  readonly indices: Uint32Array;
}

/** Tells whether a picture has transparent pixels. */
export function hasTransparency({ palette, indices }: IndexedPicture): boolean {
  return indices.includes(palette.size);
}

/** Axes along which the opposite borders of a picture are neighbors. */
export interface Wraps {
  /** Whether the left border follows the right one. */
  readonly x: boolean;
  /** Whether the upper border follows the lower one. */
  readonly y: boolean;
}

/**
 * Yields the indices of the pixels above, below, left and right, as far as there are such.
 *
 * @param wraps Default: opposite borders are no neighbors.
 */
export function* neighborsOf(
  { height, width }: ImageSize,
  pixel: number,
  wraps: Wraps = { x: false, y: false },
): Generator<number> {
  const column = pixel % width;
  const lastRow = (height - 1) * width;
  if (pixel >= width) yield pixel - width;
  else if (wraps.y) yield pixel + lastRow;
  if (pixel < lastRow) yield pixel + width;
  else if (wraps.y) yield pixel - lastRow;
  if (column > 0) yield pixel - 1;
  else if (wraps.x) yield pixel + width - 1;
  if (column < width - 1) yield pixel + 1;
  else if (wraps.x) yield pixel - width + 1;
}
