import { Image, type ImageSize } from "./image.ts";

/**
 * Enlarges an image by an integer factor: each pixel becomes a square of `factor` x `factor`.
 *
 * @param factor Integer, 1 or more.
 */
export function enlargeNearest(image: Image, factor: number): Image {
  const pixels = new Uint32Array(image.height * image.width);
  new Uint8Array(pixels.buffer).set(image.data);
  const large = enlargeIndices(image, pixels, factor);
  return new Image(enlargedSize(image, factor), new Uint8Array(large.buffer));
}

/**
 * Enlarges a map of palette indices by an integer factor.
 *
 * @param indices Shape [H, W].
 * @returns Shape [H · factor, W · factor]; the caller owns it.
 */
export function enlargeIndices(
  size: ImageSize,
  indices: Uint32Array,
  factor: number,
): Uint32Array<ArrayBuffer> {
  const { height, width } = enlargedSize(size, factor);
  const large = new Uint32Array(height * width);
  for (let y = 0; y < size.height; y++) {
    const start = y * factor * width;
    for (let x = 0; x < size.width; x++) {
      large.fill(indices[y * size.width + x]!, start + x * factor, start + (x + 1) * factor);
    }
    for (let copy = 1; copy < factor; copy++) {
      large.copyWithin(start + copy * width, start, start + width);
    }
  }
  return large;
}

/**
 * Returns the factor that brings the longer dimension nearest to a wanted number of pixels.
 *
 * @returns Integer, 1 or more.
 */
export function enlargementFactor(size: ImageSize, wanted: number): number {
  return Math.max(1, Math.round(wanted / Math.max(size.height, size.width)));
}

function enlargedSize(size: ImageSize, factor: number): ImageSize {
  if (!Number.isInteger(factor) || factor < 1) {
    throw new RangeError(`Cannot enlarge image: expected an integer factor >= 1, got ${factor}`);
  }
  return { height: size.height * factor, width: size.width * factor };
}
