import { join } from "node:path";
import type { ImageSize } from "../image/image.ts";
import { OutputError } from "../files/output_error.ts";
import { makeFolder } from "../files/write_file.ts";

/** The parts of the name of a run's folder. */
export interface RunName {
  /** Name of the config, such as "standard"; the folder above. */
  readonly config: string;
  /** Start of the run; written in local time. */
  readonly date: Date;
  /** Name of the teacher, such as "mini". */
  readonly model: string;
  /** Size of the picture. */
  readonly size: ImageSize;
  /** Name of the palette, such as "sweetie-16". */
  readonly palette: string;
  /** Number of pictures, if it is the folder of several runs. */
  readonly count?: number;
}

/**
 * Returns the path `<root>/<config>/<YYYY-MM-DD-HH-MM-SS>-<model>-im<H>x<W>-<palette>`, and
 * `-<count>-pictures` behind it for several runs.
 *
 * Characters that a file system may refuse become "_".
 */
export function runFolderPath(root: string, name: RunName): string {
  const { config, date, model, size, palette, count } = name;
  const image = `im${size.height}x${size.width}`;
  const several = count === undefined ? [] : [`${count}-pictures`];
  const folder = [formatDate(date), fileName(model), image, fileName(palette), ...several].join(
    "-",
  );
  return join(runsFolder(root, config), folder);
}

/** Returns the folder of the runs with a config of that name. */
export function runsFolder(root: string, config: string): string {
  return join(root, fileName(config));
}

/**
 * Makes the folder of a new run and its parents.
 *
 * @returns Its path; "-2", "-3" … is appended if another run began in the same second.
 * @throws {OutputError} If it cannot be made.
 */
export async function createRunFolder(root: string, name: RunName): Promise<string> {
  const wanted = runFolderPath(root, name);
  await makeFolder(join(wanted, ".."));
  for (let attempt = 1;; attempt++) {
    const path = attempt === 1 ? wanted : `${wanted}-${attempt}`;
    try {
      await Deno.mkdir(path);
      return path;
    } catch (cause) {
      if (cause instanceof Deno.errors.AlreadyExists && attempt < 1000) continue;
      throw OutputError.from("create folder", path, cause);
    }
  }
}

/** Returns a date in local time as "2026-11-24-09-05-00", for names of files. */
export function formatDate(date: Date): string {
  const pad = (value: number) => String(value).padStart(2, "0");
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()];
  return [...day, date.getHours(), date.getMinutes(), date.getSeconds()].map(pad).join("-");
}

const MAX_NAME = 60;

/** Keeps letters, digits and "._-" of a name; never empty, never a relative path. */
export function fileName(name: string): string {
  const safe = name.replaceAll(/[^\p{L}\p{N}._-]+/gu, "_").replace(/^\.+/, "_");
  return [...safe].slice(0, MAX_NAME).join("") || "_";
}
