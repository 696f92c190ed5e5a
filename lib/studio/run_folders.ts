import { join } from "node:path";
import { refuseLinks } from "../cli/commands/refuse_links.ts";

/** Folders of the output folder that hold no runs. */
const OTHER_FOLDERS: readonly string[] = ["uploads", "trash", "studio"];

/**
 * Returns the path of a run's folder.
 *
 * @param output Path of the output folder.
 * @param run Its path relative to the output folder, with "/", two or three names deep.
 * @param marks A run has one of these files.
 * @throws {RangeError} If it is no such path, or holds no run. Links are refused.
 */
export async function runFolder(
  output: string,
  run: string,
  marks: readonly string[] = ["config.yaml"],
): Promise<string> {
  checkRunPath(run);
  let folder = output;
  for (const name of run.split("/")) {
    folder = join(folder, name);
    const isFolder = await Deno.lstat(folder).then((found) => found.isDirectory, () => false);
    if (!isFolder) throw new RangeError(`Cannot find the run "${run}"`);
  }
  const found = await Promise.all(
    marks.map((mark) => Deno.lstat(join(folder, mark)).then(({ isFile }) => isFile, () => false)),
  );
  const isRun = found.includes(true);
  if (!isRun) throw new RangeError(`Cannot find the run "${run}"`);
  await refuseLinks(folder);
  return folder;
}

/**
 * Checks that a text is the path of a run relative to the output folder, two or three names deep.
 *
 * @throws {RangeError} If it is not.
 */
export function checkRunPath(run: string): void {
  const names = String(run).split("/");
  const isPlain = names.length >= 2 && names.length <= 3 && !OTHER_FOLDERS.includes(names[0]!) &&
    names.every(isPlainName);
  if (!isPlain) throw new RangeError(`Cannot find the run "${run}"`);
}

/**
 * Lists the paths of all runs, relative to the output folder, with "/". Links are left out.
 *
 * @param marks As of {@linkcode runFolder}.
 */
export async function listRuns(output: string, marks: readonly string[]): Promise<string[]> {
  const runs: string[] = [];
  const visit = async (names: readonly string[]) => {
    for (const { name, isDirectory } of await entriesOf(join(output, ...names))) {
      const isOther = names.length === 0 && OTHER_FOLDERS.includes(name);
      if (!isDirectory || isOther || !isPlainName(name)) continue;
      const below = [...names, name];
      const files = below.length === 1 ? [] : await entriesOf(join(output, ...below));
      if (files.some(({ name, isFile }) => isFile && marks.includes(name))) {
        runs.push(below.join("/"));
      } else if (below.length < 3) {
        await visit(below);
      }
    }
  };
  await visit([]);
  return runs;
}

function isPlainName(name: string): boolean {
  return /^[\p{L}\p{N}_][\p{L}\p{N}._-]*$/u.test(name);
}

async function entriesOf(folder: string): Promise<Deno.DirEntry[]> {
  try {
    return await Array.fromAsync(Deno.readDir(folder));
  } catch {
    // A folder that cannot be read, or was just moved, holds no run.
    return [];
  }
}
