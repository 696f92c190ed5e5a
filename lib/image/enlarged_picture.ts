import { reduceSquares } from "./reduce_squares.ts";
import type { Image } from "./image.ts";

/**
 * Undoes an enlargement by whole pixels, by the largest factor for which all squares are uniform.
 *
 * @returns A smaller image; `image` itself if it is not enlarged.
 */
export function reduceToSquares(image: Image): Image {
  const { height, width } = image;
  for (let factor = Math.min(height, width); factor > 1; factor--) {
    if (height % factor !== 0 || width % factor !== 0) continue;
    const size = { height: height / factor, width: width / factor };
    const reduced = reducedOrUndefined(image, size);
    if (reduced !== undefined) return reduced;
  }
  return image;
}

/** Undoes an enlargement from a size; undefined if the image is not enlarged from it. */
export function reducedOrUndefined(
  image: Image,
  size: Parameters<typeof reduceSquares>[1],
): Image | undefined {
  try {
    return reduceSquares(image, size);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
