import { dirname } from "node:path";
import { OutputError } from "./output_error.ts";
import { AtomicFile } from "./atomic_file.ts";

/**
 * Writes a file whole or not at all: under another name first, then renamed.
 *
 * An older file of that name stays as it is if anything goes wrong (full disk, end of the program).
 *
 * @throws {OutputError} If it cannot be written.
 */
export async function writeFile(path: string, content: Uint8Array | string): Promise<void> {
  await using file = await AtomicFile.open(path);
  await file.write(typeof content === "string" ? new TextEncoder().encode(content) : content);
  await file.commit();
}

/**
 * Makes a folder and those above it; an existing folder is fine.
 *
 * @throws {OutputError} If it cannot be made.
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true });
  } catch (cause) {
    throw OutputError.from("create folder", path, cause);
  }
}

/** Writes a file like {@linkcode writeFile}, making its folder first. */
export async function writeFileInFolder(path: string, content: Uint8Array | string): Promise<void> {
  await makeFolder(dirname(path));
  await writeFile(path, content);
}
