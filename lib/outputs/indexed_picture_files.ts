import { join } from "node:path";
import { hasTransparency, type IndexedPicture } from "../finish/indexed_picture.ts";
import { writeFileInFolder } from "../files/write_file.ts";
import { encodeIndexedPng, encodePng, MAX_INDEXED_COLORS } from "../image/encode_png.ts";
import { enlargeIndices, enlargementFactor, enlargeNearest } from "../image/enlarge_nearest.ts";
import { Image } from "../image/image.ts";

/** Approximate length of the longer dimension of the enlarged copy in pixels. */
const ENLARGED_LENGTH = 512;

/**
 * Writes a picture as `<name>.png` at its own size and as `<name>_x<factor>.png`, enlarged.
 *
 * @param factor Integer, 1 or more; 1 writes no enlarged copy. Default: about 512 pixels.
 * @returns The paths.
 * @throws {OutputError} If a file cannot be written.
 */
export async function writeIndexedPicture(
  folder: string,
  name: string,
  picture: IndexedPicture,
  factor: number = enlargementFactor(picture, ENLARGED_LENGTH),
): Promise<string[]> {
  const files = [{ path: join(folder, `${name}.png`), factor: 1 }];
  if (factor > 1) files.push({ path: join(folder, `${name}_x${factor}.png`), factor });
  for (const { path, factor } of files) {
    await writeFileInFolder(path, encodeIndexedPicture(picture, factor));
  }
  return files.map(({ path }) => path);
}

/**
 * Encodes a picture as a PNG: indexed if its colors and the transparent class fit, else in true
 * color.
 *
 * @param factor Each pixel becomes a square of `factor` x `factor`; integer, 1 or more.
 */
export function encodeIndexedPicture(
  picture: IndexedPicture,
  factor: number = 1,
): Uint8Array<ArrayBuffer> {
  const { palette, indices } = picture;
  const transparentIndex = hasTransparency(picture) ? palette.size : undefined;
  if (palette.size + (transparentIndex === undefined ? 0 : 1) > MAX_INDEXED_COLORS) {
    return encodePng(enlargeNearest(imageOf(picture), factor));
  }
  const size = { height: picture.height * factor, width: picture.width * factor };
  return encodeIndexedPng(
    size,
    enlargeIndices(picture, indices, factor),
    palette.colors,
    transparentIndex === undefined ? {} : { hasTransparentIndex: true },
  );
}

/** Returns a picture as an image; its transparent pixels have alpha 0. */
export function imageOf({ height, width, palette, indices }: IndexedPicture): Image {
  const colors = Uint8Array.of(...palette.colors, 0, 0, 0);
  const image = Image.fromIndices({ height, width }, indices, colors);
  for (const [i, index] of indices.entries()) {
    if (index === palette.size) image.data[i * 4 + 3] = 0;
  }
  return image;
}
