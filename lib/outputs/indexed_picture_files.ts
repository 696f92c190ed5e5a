import { join } from "node:path";
import type { IndexedPicture } from "../finish/indexed_picture.ts";
import { writeFileInFolder } from "../files/write_file.ts";
import { enlargementFactor } from "../image/enlarge_nearest.ts";
import { encodeIndexedPicture } from "../sprite/formats/png_sprite.ts";

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
