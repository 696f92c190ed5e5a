import { dirname } from "node:path";
import { OutputError } from "./output_error.ts";
import { AtomicFile } from "./atomic_file.ts";

/**
 * Writes a file whole or not at all: under a temporary name, which is then changed.
 *
 * An older file of that name survives any failure, such as a full disk or the end of the program.
 *
 * @throws {OutputError} If it cannot be written.
 */
export async function writeFile(path: string, content: Uint8Array | string): Promise<void> {
  await using file = await AtomicFile.open(path);
  await file.write(typeof content === "string" ? new TextEncoder().encode(content) : content);
  await file.commit();
}

/**
 * Creates a folder and its parents, if they do not exist.
 *
 * @throws {OutputError} If it cannot be created.
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true });
  } catch (cause) {
    throw OutputError.from("create folder", path, cause);
  }
}

/** Writes a file as {@linkcode writeFile} does, and creates its folder first. */
export async function writeFileInFolder(path: string, content: Uint8Array | string): Promise<void> {
  await makeFolder(dirname(path));
  await writeFile(path, content);
}
