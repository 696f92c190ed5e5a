import { join } from "node:path";
import { refuseLinks } from "../cli/commands/refuse_links.ts";

/** Folders of the output folder that hold no runs. */
const OTHER_FOLDERS: readonly string[] = ["uploads", "trash", "studio"];

/**
 * Returns the path of a run's folder.
 *
 * @param output Path of the output folder.
 * @param run Its path relative to the output folder, with "/", two or three names deep.
 * @throws {RangeError} If it is no such path, or holds no run. Links are refused.
 */
export async function runFolder(output: string, run: string): Promise<string> {
  const names = String(run).split("/");
  const isPlain = names.length >= 2 && names.length <= 3 && !OTHER_FOLDERS.includes(names[0]!) &&
    names.every((name) => /^[\p{L}\p{N}_][\p{L}\p{N}._-]*$/u.test(name));
  if (!isPlain) throw new RangeError(`Cannot find the run "${run}"`);
  let folder = output;
  for (const name of names) {
    folder = join(folder, name);
    const isFolder = await Deno.lstat(folder).then((found) => found.isDirectory, () => false);
    if (!isFolder) throw new RangeError(`Cannot find the run "${run}"`);
  }
  const isRun = await Deno.lstat(join(folder, "config.yaml")).then(
    (found) => found.isFile,
    () => false,
  );
  if (!isRun) throw new RangeError(`Cannot find the run "${run}"`);
  await refuseLinks(folder);
  return folder;
}
