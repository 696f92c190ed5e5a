import { join } from "node:path";
import { AtomicFile } from "./atomic_file.ts";
import { makeFolder } from "./write_file.ts";
import { OutputError } from "./output_error.ts";

/**
 * Checks that files can be written to a folder, which is created if it does not exist.
 *
 * @throws {OutputError} If they cannot.
 */
export async function probeFolder(folder: string): Promise<void> {
  await makeFolder(folder);
  try {
    // It is removed, since it is not committed.
    await using file = await AtomicFile.open(join(folder, "probe"));
    await file.write(new Uint8Array(1));
  } catch (error) {
    const cause = error instanceof OutputError ? error.cause : error;
    throw OutputError.from("write to", folder, cause);
  }
}

/**
 * Checks that a file of a run is still there, before more is written to its folder.
 *
 * @throws {OutputError} If it is not: the folder was removed.
 */
export async function checkFolder(folder: string, file: string): Promise<void> {
  try {
    await Deno.lstat(join(folder, file));
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw OutputError.from("read", folder, cause);
    throw new OutputError("write to", folder, `"${file}" is gone: was the folder removed?`, cause);
  }
}

/** Names that `AtomicFile` gives to files that are not complete. */
const TEMPORARY = /\.[0-9a-f]{8}\.tmp$/;

/**
 * Removes the incomplete files that a killed program left in a folder and in those below it. Links
 * are not followed.
 *
 * @throws {OutputError} If a folder cannot be read, or a file cannot be removed.
 */
export async function removeTemporaryFiles(folder: string): Promise<void> {
  try {
    for await (const { name, isFile, isDirectory } of Deno.readDir(folder)) {
      const path = join(folder, name);
      if (isDirectory) await removeTemporaryFiles(path);
      else if (isFile && TEMPORARY.test(name)) await Deno.remove(path);
    }
  } catch (cause) {
    throw OutputError.from("clear", folder, cause);
  }
}
