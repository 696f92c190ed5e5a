import { join } from "node:path";
import { OutputError } from "./output_error.ts";

/** Returns whether there is a folder at a path; an unreadable path is none. */
export async function isFolder(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch {
    return false;
  }
}

/**
 * Lists the files in a folder and its subfolders, in order of their names.
 *
 * Links to folders are not followed, so that no folder is listed endlessly.
 *
 * @param isWanted Says by its name whether a file is listed.
 * @throws {OutputError} If a folder cannot be read.
 */
export async function listFiles(
  folder: string,
  isWanted: (name: string) => boolean,
): Promise<string[]> {
  const entries = await listFolder(folder);
  const files: string[] = [];
  for (const entry of entries.sort((a, b) => COLLATOR.compare(a.name, b.name))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) files.push(...await listFiles(path, isWanted));
    else if (isWanted(entry.name)) files.push(path);
  }
  return files;
}

/**
 * Lists the entries of a folder, in no order.
 *
 * @throws {OutputError} If it cannot be read.
 */
export async function listFolder(folder: string): Promise<Deno.DirEntry[]> {
  try {
    return await Array.fromAsync(Deno.readDir(folder));
  } catch (cause) {
    throw OutputError.from("read", folder, cause);
  }
}

/** "3_3_3" before "10_10_10". */
const COLLATOR = new Intl.Collator("en", { numeric: true });
