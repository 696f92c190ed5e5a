import { OutputError } from "./output_error.ts";

/**
 * Reads a file.
 *
 * @throws {OutputError} If it cannot be read, with the reason and the remedy.
 */
export async function readFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await Deno.readFile(path);
  } catch (cause) {
    throw OutputError.from("read", path, cause);
  }
}
