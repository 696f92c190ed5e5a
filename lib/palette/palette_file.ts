import { readFileIfThere } from "../files/read_file.ts";
import { MAX_PALETTE_BYTES } from "./palette_format.ts";

/**
 * Reads a palette file of this machine, for `findPalette`.
 *
 * @returns undefined if there is no such file.
 * @throws {OutputError} If it cannot be read or is larger than 1 MiB.
 */
export async function readPaletteFile(path: string): Promise<Uint8Array | undefined> {
  return await readFileIfThere(path, { maxBytes: MAX_PALETTE_BYTES });
}
