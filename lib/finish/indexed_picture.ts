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

/** Yields the indices of the pixels above, below, left and right, as far as there are such. */
export function* neighborsOf({ height, width }: ImageSize, pixel: number): Generator<number> {
  const column = pixel % width;
  if (pixel >= width) yield pixel - width;
  if (pixel < (height - 1) * width) yield pixel + width;
  if (column > 0) yield pixel - 1;
  if (column < width - 1) yield pixel + 1;
}
