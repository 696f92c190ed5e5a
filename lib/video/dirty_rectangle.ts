import type { ImageSize } from "../image/image.ts";

/** A rectangle of a frame, in pixels. */
export interface FrameRectangle extends ImageSize {
  /** Rows above it. */
  readonly top: number;
  /** Columns left of it. */
  readonly left: number;
}

/**
 * Finds the smallest rectangle that holds all pixels in which two frames differ.
 *
 * @param before Shape [H, W], as `after`; undefined if there is no frame before.
 * @returns The whole frame if there is none before; one pixel at the top left if both are equal.
 */
export function dirtyRectangle(
  size: ImageSize,
  before: Uint32Array | undefined,
  after: Uint32Array,
): FrameRectangle {
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
 * Copies a rectangle of a frame.
 *
 * @param pixels Shape [H, W].
 * @returns Shape of the rectangle; the caller owns it.
 */
export function cropPixels(
  size: ImageSize,
  pixels: Uint32Array,
  rectangle: FrameRectangle,
): Uint32Array<ArrayBuffer> {
  const { top, left, height, width } = rectangle;
  const cropped = new Uint32Array(height * width);
  for (let y = 0; y < height; y++) {
    const start = (top + y) * size.width + left;
    cropped.set(pixels.subarray(start, start + width), y * width);
  }
  return cropped;
}
