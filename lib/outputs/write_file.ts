import { dirname } from "node:path";
import { OutputError } from "./output_error.ts";

/**
 * Writes a file whole or not at all: under another name first, then renamed.
 *
 * An older file of that name stays as it is if anything goes wrong (full disk, end of the program).
 *
 * @throws {OutputError} If it cannot be written.
 */
export async function writeFile(path: string, content: Uint8Array | string): Promise<void> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const temporary = `${path}.${crypto.randomUUID().slice(0, 8)}.tmp`;
  try {
    await writeAndSync(temporary, bytes);
    await Deno.rename(temporary, path);
  } catch (cause) {
    await Deno.remove(temporary).catch(() => undefined);
    throw OutputError.from("write", path, cause);
  }
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

async function writeAndSync(path: string, bytes: Uint8Array): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true });
  let written = 0;
  while (written < bytes.length) written += await file.write(bytes.subarray(written));
  // Without it, a rename may reach the disk before the content does.
  await file.sync();
}
