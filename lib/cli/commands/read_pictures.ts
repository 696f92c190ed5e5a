import { basename, join, parse } from "node:path";
import { isFolder } from "../../files/list_files.ts";
import { readFile } from "../../files/read_file.ts";
import type { SheetPicture } from "../../sprite/sheet.ts";
import { readPicture } from "../../sprite/read_picture.ts";
import { freeName } from "../../text/free_name.ts";
import { MAX_IMAGE_BYTES } from "./read_image.ts";

/** The finished picture of a run. */
const FINAL_PICTURE = "final_argmax.png";

/**
 * Reads finished pictures: of runs, by their folders, and of image files.
 *
 * @returns The pictures, with unique names: that of the folder or of the file.
 * @throws {OutputError} If one cannot be read.
 * @throws {ImageError} If a file is no image.
 * @throws {SpriteError} If an image has more than 256 colors.
 */
export async function readPictures(sources: readonly string[]): Promise<SheetPicture[]> {
  const names = new Set<string>();
  const pictures: SheetPicture[] = [];
  for (const source of sources) {
    const isRun = await isFolder(source);
    const path = isRun ? join(source, FINAL_PICTURE) : source;
    const bytes = await readFile(path, { maxBytes: MAX_IMAGE_BYTES });
    const name = freeName(isRun ? basename(source) : parse(source).name, names);
    pictures.push({ name, picture: await readPicture(bytes, path) });
  }
  return pictures;
}
