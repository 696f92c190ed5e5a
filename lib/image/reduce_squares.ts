import { Image, type ImageSize } from "./image.ts";

/**
 * Undoes an enlargement by nearest neighbor: each square of equal pixels becomes one pixel.
 *
 * Nothing is averaged: enlarged again, the result equals the given image byte for byte.
 *
 * @param size Size before the enlargement.
 * @returns An image of `size`; `image` itself if it has that size.
 * @throws {RangeError} If the image is no integer multiple of `size`, or the pixels of a square
 * differ; with the bare reason as its message.
 */
export function reduceSquares(image: Image, size: ImageSize): Image {
  const { height, width } = size;
  const factor = image.height / height;
  if (!Number.isInteger(factor) || image.width !== width * factor) {
    throw new RangeError(
      `expected ${height}x${width} pixels or a whole multiple, got ${image.height}x${image.width}`,
    );
  }
  if (factor === 1) return image;
  const reduced = new Image(size);
  const from = new DataView(image.data.buffer, image.data.byteOffset, image.data.byteLength);
  const to = new DataView(reduced.data.buffer);
  for (let y = 0; y < image.height; y++) {
    for (let x = 0; x < image.width; x++) {
      const color = from.getUint32((y * image.width + x) * 4);
      const target = (Math.floor(y / factor) * width + Math.floor(x / factor)) * 4;
      if (y % factor === 0 && x % factor === 0) to.setUint32(target, color);
      else if (to.getUint32(target) !== color) {
        throw new RangeError(
          `expected squares of ${factor}x${factor} equal pixels, ` +
            `got another color at row ${y}, column ${x}`,
        );
      }
    }
  }
  return reduced;
}
