import { join } from "node:path";
import { accessErrorText } from "../text/access_error.ts";
import type { ByteSource } from "./byte_source.ts";
import { fileSource } from "./file_source.ts";
import { MAX_TEXT_BYTES, type ModelFolder, ModelFolderError } from "./model_folder.ts";

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
      if (error instanceof Deno.errors.NotADirectory) return false;
      throw describeLocal(full, error);
    }
  }

  /** Reads a file as UTF-8 text. */
  async text(path: string): Promise<string> {
    const full = await this.#file(path);
    try {
      return await Deno.readTextFile(full);
    } catch (error) {
      throw describeLocal(full, error);
    }
  }

  /** Opens a file whose ranges are read on demand. */
  async source(path: string): Promise<ByteSource> {
    const full = await this.#file(path, Infinity);
    try {
      return fileSource(full);
    } catch (error) {
      throw describeLocal(full, error);
    }
  }

  /** Lists the names of the files in the folder; none if there is no such folder. */
  async list(): Promise<readonly string[]> {
    const names: string[] = [];
    try {
      for await (const { name, isDirectory } of Deno.readDir(this.location)) {
        if (!isDirectory) names.push(name);
      }
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      if (error instanceof Deno.errors.NotADirectory) return [];
      throw describeLocal(this.location, error);
    }
    return names.sort();
  }

  /** Returns the full path of a file. A device or a pipe could be endless. */
  async #file(path: string, maxBytes = MAX_TEXT_BYTES): Promise<string> {
    const full = join(this.location, path);
    let found: Deno.FileInfo;
    try {
      found = await Deno.stat(full);
    } catch (error) {
      throw describeLocal(full, error);
    }
    if (!found.isFile) throw new ModelFolderError(full, "it is not a file");
    if (found.size <= maxBytes) return full;
    throw new ModelFolderError(full, `expected at most ${maxBytes} bytes, got ${found.size}`);
  }
}

function describeLocal(path: string, cause: unknown): ModelFolderError {
  return new ModelFolderError(path, reasonOf(path, cause), { cause });
}

function reasonOf(path: string, cause: unknown): string {
  if (cause instanceof Deno.errors.NotFound) return "there is no such file";
  if (cause instanceof Deno.errors.NotADirectory) {
    return "expected a folder in diffusers layout, got a file";
  }
  return accessErrorText(cause, `--allow-read="${path}"`);
}
