import type { IndexedPicture } from "../finish/indexed_picture.ts";
import { decodeImage } from "../image/formats/decode_image.ts";
import { decodePng } from "../image/decode_png.ts";
import { PNG } from "../image/formats/png.ts";
import type { Image } from "../image/image.ts";
import { Palette } from "../palette/palette.ts";
import { SpriteError } from "./sprite.ts";

/** The maximum number of colors of a picture. */
const MAX_COLORS = 256;

/**
 * Reads an image file as a picture. Pixels with an alpha below 128 are transparent.
 *
 * The palette is that of an indexed PNG, in its order and with its unused colors. Other files give
 * the colors of the image, row by row.
 *
 * @param name What errors call the file, such as its path.
 * @throws {ImageError} If it is no image.
 * @throws {SpriteError} If it has more than 256 colors.
 */
export async function readPicture(bytes: Uint8Array, name: string): Promise<IndexedPicture> {
  const image = await decodeImage(bytes, { name });
  return pictureOf(image, storedPalette(bytes), name);
}

/** Returns the colors of an indexed PNG, without its transparent entries; else none. */
function storedPalette(bytes: Uint8Array): number[] {
  if (!PNG.sniff(bytes)) return [];
  const { palette, metadata } = decodePng(bytes);
  if (palette === undefined) return [];
  const alpha = metadata.get("tRNS") ?? new Uint8Array();
  return Array.from({ length: palette.length / 3 }, (_, k) => k)
    .filter((k) => (alpha[k] ?? 255) > 0)
    .flatMap((k) => [...palette.subarray(k * 3, k * 3 + 3)]);
}

/** Looks up the colors of an image, and adds those that are not known yet. */
function pictureOf(image: Image, colors: readonly number[], name: string): IndexedPicture {
  const found = [...colors];
  const known = new Map<number, number>();
  for (let k = 0; k * 3 < colors.length; k++) {
    const key = colors[k * 3]! << 16 | colors[k * 3 + 1]! << 8 | colors[k * 3 + 2]!;
    if (!known.has(key)) known.set(key, k);
  }
  const indices = new Int32Array(image.height * image.width);
  for (let i = 0; i < indices.length; i++) {
    const [red, green, blue, alpha] = image.data.subarray(i * 4, i * 4 + 4);
    if (alpha! < 128) {
      indices[i] = -1;
      continue;
    }
    const key = red! << 16 | green! << 8 | blue!;
    let index = known.get(key);
    if (index === undefined) {
      index = found.length / 3;
      known.set(key, index);
      found.push(red!, green!, blue!);
    }
    indices[i] = index;
    if (found.length <= 3 * MAX_COLORS) continue;
    throw new SpriteError(
      `Cannot read "${name}" as a picture: expected at most ${MAX_COLORS} colors, got more; ` +
        "use deno task pixelize first",
    );
  }
  if (found.length === 0) {
    throw new SpriteError(`Cannot read "${name}" as a picture: it is fully transparent`);
  }
  const palette = new Palette(name.replace(/^.*[\\/]/, ""), Uint8Array.from(found));
  return {
    height: image.height,
    width: image.width,
    palette,
    indices: Uint32Array.from(indices, (index) => index < 0 ? palette.size : index),
  };
}
