import type { ImageSize } from "../image/image.ts";

/** A rectangle in a picture, in pixels. */
export interface Box extends ImageSize {
  /** Rows above it. */
  readonly top: number;
  /** Columns left of it. */
  readonly left: number;
}

/**
 * Finds the smallest rectangle that holds all pixels in which two pictures differ.
 *
 * @param before Shape [H, W], as `after`; undefined if there is none, so that all differs.
 * @returns One pixel at the top left if they are equal.
 */
export function changedBox(
  size: ImageSize,
  before: Uint32Array | undefined,
  after: Uint32Array,
): Box {
  const { height, width } = size;
  if (before === undefined) return { top: 0, left: 0, height, width };
  let [top, bottom, left, right] = [height, -1, width, -1];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (before[y * width + x] === after[y * width + x]) continue;
      top = Math.min(top, y);
      bottom = y;
      left = Math.min(left, x);
      right = Math.max(right, x);
    }
  }
  if (bottom < 0) return { top: 0, left: 0, height: 1, width: 1 };
  return { top, left, height: bottom - top + 1, width: right - left + 1 };
}

/**
 * Cuts a rectangle out of a picture.
 *
 * @param pixels Shape [H, W].
 * @returns Shape of the rectangle; the caller owns it.
 */
export function cropPixels(
  size: ImageSize,
  pixels: Uint32Array,
  box: Box,
): Uint32Array<ArrayBuffer> {
  const cropped = new Uint32Array(box.height * box.width);
  for (let y = 0; y < box.height; y++) {
    const start = (box.top + y) * size.width + box.left;
    cropped.set(pixels.subarray(start, start + box.width), y * box.width);
  }
  return cropped;
}
