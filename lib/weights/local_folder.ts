import { join } from "node:path";
import { accessErrorText } from "../text/access_error.ts";
import type { ByteSource } from "./byte_source.ts";
import { fileSource } from "./file_source.ts";
import { type ModelFolder, ModelFolderError } from "./model_folder.ts";

/** A model folder on the disk. Needs `--allow-read` for it. */
export class LocalFolder implements ModelFolder {
  /** Path of the folder. */
  readonly location: string;

  /** Creates a folder; nothing is read yet. */
  constructor(path: string) {
    this.location = path;
  }

  /** Tells whether a path is a file. */
  async has(path: string): Promise<boolean> {
    const full = join(this.location, path);
    try {
      return (await Deno.stat(full)).isFile;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw describeLocal(full, error);
    }
  }

  /** Reads a file as UTF-8 text. */
  async text(path: string): Promise<string> {
    const full = join(this.location, path);
    try {
      return await Deno.readTextFile(full);
    } catch (error) {
      throw describeLocal(full, error);
    }
  }

  /** Opens a file whose ranges are read on demand. */
  // deno-lint-ignore require-await -- failures are rejections, like those of other folders
  async source(path: string): Promise<ByteSource> {
    const full = join(this.location, path);
    try {
      return fileSource(full);
    } catch (error) {
      throw describeLocal(full, error);
    }
  }
}

function describeLocal(path: string, cause: unknown): ModelFolderError {
  const detail = cause instanceof Deno.errors.NotFound
    ? "there is no such file"
    : accessErrorText(cause, `--allow-read="${path}"`);
  return new ModelFolderError(path, detail, { cause });
}
