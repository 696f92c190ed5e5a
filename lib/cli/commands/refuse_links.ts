import { join } from "node:path";
import { OutputError } from "../../files/output_error.ts";

/**
 * Checks that a folder contains only files and folders, at any depth. A run folder of a stranger
 * could have symbolic links, and Deno lets a program write through them wherever they point; or
 * pipes, which block.
 *
 * @param folder The folder; it may be a link itself. One that does not exist contains none.
 * @throws {OutputError} If there is anything else, or a folder cannot be read.
 */
export async function refuseLinks(folder: string): Promise<void> {
  try {
    for await (const { name, isSymlink, isDirectory, isFile } of Deno.readDir(folder)) {
      const path = join(folder, name);
      if (isSymlink) throw linkError(path);
      if (!isDirectory && !isFile) {
        const found = "expected a file or folder, got a pipe or device; remove it";
        throw new OutputError("write to", path, found);
      }
      if (isDirectory) await refuseLinks(path);
    }
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw OutputError.from("read", folder, cause);
  }
}

/**
 * Checks that a folder is no symbolic link.
 *
 * @throws {OutputError} If it is one.
 */
export async function refuseLink(folder: string): Promise<void> {
  const isLink = await Deno.lstat(folder).then(({ isSymlink }) => isSymlink, () => false);
  if (isLink) throw linkError(folder);
}

function linkError(path: string): OutputError {
  return new OutputError("write to", path, "expected a file or folder, got a link; remove it");
}
