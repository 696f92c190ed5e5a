import { readFile } from "../../files/read_file.ts";
import { decodeImage } from "../../image/formats/decode_image.ts";
import type { Image } from "../../image/image.ts";

/** The maximum size of an input image in bytes. */
export const MAX_IMAGE_BYTES = 2 ** 29;

/**
 * Reads an image file.
 *
 * @param onNote Called with what was repaired, ignored or left out.
 * @throws {OutputError} If it cannot be read or is larger than 512 MiB.
 * @throws {ImageError} If it is no image.
 */
export async function readImage(path: string, onNote: (note: string) => void): Promise<Image> {
  const bytes = await readFile(path, { maxBytes: MAX_IMAGE_BYTES });
  return await decodeImage(bytes, { name: path, onNote });
}
