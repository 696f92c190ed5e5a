import { viewOf } from "./byte_view.ts";
import { Image } from "./image.ts";

const ORIENTATION_TAG = 0x0112;

/**
 * Reads the orientation of EXIF data, which is laid out as a TIFF file.
 *
 * @returns 1 to 8; 1, upright, if it is missing or invalid.
 */
export function readExifOrientation(exif: Uint8Array): number {
  const view = viewOf(exif);
  try {
    const little = view.getUint8(0) === 0x49;
    const directory = view.getUint32(4, little);
    const count = view.getUint16(directory, little);
    for (let i = 0; i < count; i++) {
      const entry = directory + 2 + i * 12;
      if (view.getUint16(entry, little) !== ORIENTATION_TAG) continue;
      const value = view.getUint16(entry + 8, little);
      return value >= 1 && value <= 8 ? value : 1;
    }
  } catch (error) {
    // Browsers ignore damaged EXIF data.
    if (!(error instanceof RangeError)) throw error;
  }
  return 1;
}

/**
 * Turns a stored image upright.
 *
 * @param orientation 1 to 8: where the first row and column of the stored image are seen. Source:
 * EXIF 2.32, tag 274.
 * @returns A new image, or `image` itself for 1.
 */
export function orientImage(image: Image, orientation: number): Image {
  if (orientation === 1) return image;
  const { height, width } = image;
  const isTransposed = orientation >= 5;
  const isMirrored = [2, 3, 6, 7].includes(orientation); // along x of the result
  const isFlipped = [3, 4, 7, 8].includes(orientation); // along y of the result
  const size = isTransposed ? { height: width, width: height } : { height, width };
  const from = new Uint32Array(Uint8Array.from(image.data).buffer);
  const to = new Uint32Array(from.length);
  for (let y = 0, i = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++, i++) {
      const column = isMirrored ? size.width - 1 - x : x;
      const row = isFlipped ? size.height - 1 - y : y;
      to[i] = isTransposed ? from[column * width + row]! : from[row * width + column]!;
    }
  }
  return new Image(size, new Uint8Array(to.buffer));
}
