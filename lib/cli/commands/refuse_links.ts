import { join } from "node:path";
import { OutputError } from "../../files/output_error.ts";

/**
 * Checks that a folder contains no symbolic links, at any depth. A run folder of a stranger could
 * have some, and Deno lets a program write through them wherever they point.
 *
 * @param folder The folder; it may be a link itself. One that does not exist contains none.
 * @throws {OutputError} If there is a link, or a folder cannot be read.
 */
export async function refuseLinks(folder: string): Promise<void> {
  try {
    for await (const { name, isSymlink, isDirectory } of Deno.readDir(folder)) {
      const path = join(folder, name);
      if (isSymlink) throw linkError(path);
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
