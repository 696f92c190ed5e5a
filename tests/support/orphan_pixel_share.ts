import type { ImageSize } from "../../lib/image/image.ts";

/**
 * Returns the share of orphan pixels: inner pixels whose index none of the four neighbors shares.
 *
 * @param indices Palette index of each pixel, shape [H, W].
 * @returns In [0, 1]; 0 when the picture has no inner pixel (H or W below 3).
 */
export function orphanPixelShare(size: ImageSize, indices: ArrayLike<number>): number {
  const { height, width } = size;
  if (height < 3 || width < 3) return 0;
  let orphans = 0;
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const i = y * width + x;
      const here = indices[i];
      const hasFriend = indices[i - 1] === here || indices[i + 1] === here ||
        indices[i - width] === here || indices[i + width] === here;
      if (!hasFriend) orphans++;
    }
  }
  return orphans / ((height - 2) * (width - 2));
}
