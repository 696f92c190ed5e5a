import { statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { accessErrorText } from "../text/access_error.ts";
import { HubError } from "./hub_error.ts";
import { pause } from "./retry.ts";

/** Time between two tries to get a lock, in milliseconds. */
const LOCK_PAUSE = 200;
/** Size of the chunks in which a file is read, in bytes. */
const CHUNK_BYTES = 1 << 20;

/**
 * Files below a folder, which need not exist yet. Paths are relative to it.
 *
 * Reading follows symbolic links: the Python library makes them. Writing never does, so that
 * nothing outside of the folder is changed; links in the path of the folder itself are the user's.
 *
 * Needs `--allow-read` and, to write, `--allow-write` for the folder.
 */
export class CacheFiles {
  /** Path of the folder. */
  readonly location: string;

  /** Names the folder; nothing is read yet. */
  constructor(location: string) {
    this.location = location;
  }

  /** Returns the full path of a file or folder. */
  pathOf(path: string): string {
    return join(this.location, path);
  }

  /**
   * Returns the size of a file, in bytes; undefined if there is no such file.
   *
   * @throws {HubError} If it cannot be determined.
   */
  async size(path: string): Promise<number | undefined> {
    const found = await this.#read(path, (full) => Deno.stat(full));
    return found?.isFile ? found.size : undefined;
  }

  /**
   * Reads a text; undefined if there is no such file.
   *
   * @throws {HubError} If it cannot be read.
   */
  async readText(path: string): Promise<string | undefined> {
    return await this.#read(path, (full) => Deno.readTextFile(full));
  }

  /**
   * Lists the names in a folder, sorted; none if there is no such folder.
   *
   * @throws {HubError} If it cannot be read.
   */
  async list(path: string): Promise<readonly string[]> {
    const entries = await this.#read(path, (full) => Array.fromAsync(Deno.readDir(full)));
    return (entries ?? []).map(({ name }) => name).sort();
  }

  /**
   * Reads a file in chunks of at most 1 MB. A chunk is valid until the next one.
   *
   * @throws {HubError} If it cannot be read.
   */
  async *chunks(path: string): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    using file = await this.#read(path, (full) => Deno.open(full));
    if (file === undefined) throw describeRead(this.pathOf(path), new Deno.errors.NotFound());
    yield* chunksOf(file);
  }

  /**
   * Identifies the content on the disk: hard links to it have the same id, as have symbolic links.
   *
   * @returns undefined if there is no such file, or the system has no such ids.
   */
  async contentId(path: string): Promise<string | undefined> {
    const found = await this.#read(path, (full) => Deno.stat(full));
    return found?.isFile && found.ino !== null ? `${found.dev} ${found.ino}` : undefined;
  }

  /** Creates a folder and those above it. */
  async makeFolder(path: string): Promise<void> {
    await this.#refuseLinks(path);
    await Deno.mkdir(this.pathOf(path), { recursive: true });
  }

  /** Writes a text under another name and renames it, so that nobody reads half of it. */
  async writeText(path: string, text: string): Promise<void> {
    await this.makeFolder(dirname(path));
    const temporary = temporaryName(path);
    await Deno.writeTextFile(this.pathOf(temporary), text, { createNew: true });
    await this.rename(temporary, path);
  }

  /** Renames a file. It replaces a file or link of that name, not what the link leads to. */
  async rename(from: string, to: string): Promise<void> {
    await Deno.rename(this.pathOf(from), this.pathOf(to));
  }

  /** Deletes a file, or a link, if there is one. */
  async remove(path: string): Promise<void> {
    await this.#refuseLinks(dirname(path));
    try {
      await Deno.remove(this.pathOf(path));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  /** Creates a hard link, or a copy if the file system has none. It replaces an older file. */
  async link(from: string, to: string): Promise<void> {
    await this.#refuseLinks(from);
    await this.makeFolder(dirname(to));
    // Another process may create the same file.
    const temporary = temporaryName(to);
    try {
      await Deno.link(this.pathOf(from), this.pathOf(temporary));
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) throw error;
      await Deno.copyFile(this.pathOf(from), this.pathOf(temporary));
    }
    await this.rename(temporary, to);
    // Renaming a hard link to another one of the same content does nothing.
    await this.remove(temporary);
  }

  /** Opens a file to continue it; creates it if needed. The caller disposes of it. */
  async openGrowing(path: string): Promise<GrowingFile> {
    await this.makeFolder(dirname(path));
    await this.#refuseLinks(path);
    const options = { read: true, write: true, create: true };
    return new GrowingFile(await Deno.open(this.pathOf(path), options));
  }

  /**
   * Waits until no other process holds a lock, ours or Python's.
   *
   * @param options.onWait Called once if another process holds it.
   * @returns Releases the lock when it is disposed of.
   */
  async lock(
    path: string,
    { signal, onWait }: { readonly signal?: AbortSignal; readonly onWait?: () => void } = {},
  ): Promise<Disposable> {
    await this.makeFolder(dirname(path));
    await this.#refuseLinks(path);
    const file = await Deno.open(this.pathOf(path), { write: true, create: true });
    try {
      for (let tries = 0; !await tryLock(file); tries++) {
        if (tries === 0) onWait?.();
        await pause(LOCK_PAUSE, signal);
      }
      return file;
    } catch (error) {
      file.close();
      throw error;
    }
  }

  async #read<T>(path: string, action: (full: string) => Promise<T>): Promise<T | undefined> {
    const full = this.pathOf(path);
    try {
      return await action(full);
    } catch (error) {
      if (isAbsence(error)) return undefined;
      throw describeRead(full, error);
    }
  }

  /** Refuses a path if it, or a folder above it below the location, is a symbolic link. */
  async #refuseLinks(path: string): Promise<void> {
    let part = "";
    for (const name of path.split(/[\\/]/)) {
      if (name === ".") continue;
      part = part === "" ? name : `${part}/${name}`;
      const full = this.pathOf(part);
      const found = await this.#read(part, (name) => Deno.lstat(name));
      if (found === undefined) return;
      if (!found.isSymlink) continue;
      throw new HubError(
        `Cannot write "${this.pathOf(path)}": "${full}" is a symbolic link, which is not ` +
          `followed; remove it, or set HF_HUB_CACHE to the folder that you mean`,
      );
    }
  }
}

/** A file that grows, such as a partial download. */
export class GrowingFile implements Disposable {
  readonly #file: Deno.FsFile;

  /** Owns the open file. */
  constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /** Reads the file from its start. Afterwards, {@linkcode write} appends. */
  async *chunks(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    await this.#file.seek(0, Deno.SeekMode.Start);
    yield* chunksOf(this.#file);
  }

  /** Appends bytes. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.byteLength;) {
      done += await this.#file.write(bytes.subarray(done));
    }
  }

  /** Deletes the content. */
  async clear(): Promise<void> {
    await this.#file.truncate(0);
    await this.#file.seek(0, Deno.SeekMode.Start);
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/**
 * Returns the free space for a folder, which need not exist yet, in bytes.
 *
 * @returns undefined if it is not known; needs `--allow-read` and `--allow-sys=statfs`.
 */
export async function freeBytes(folder: string): Promise<number | undefined> {
  for (let path = folder;; path = dirname(path)) {
    try {
      const { bavail, bsize } = await statfs(path);
      return bavail * bsize;
    } catch (error) {
      const isAbsent = (error as { code?: unknown }).code === "ENOENT";
      if (!isAbsent || dirname(path) === path) return undefined;
    }
  }
}

async function* chunksOf(file: Deno.FsFile): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const buffer = new Uint8Array(CHUNK_BYTES);
  for (let size; (size = await file.read(buffer)) !== null;) yield buffer.subarray(0, size);
}

function temporaryName(path: string): string {
  return `${path}.${crypto.randomUUID()}.tmp`;
}

/** On a file system without locks, every try succeeds: the hash tells if two processes wrote. */
async function tryLock(file: Deno.FsFile): Promise<boolean> {
  try {
    return await file.tryLock(true);
  } catch {
    return true;
  }
}

function isAbsence(error: unknown): boolean {
  const { NotFound, NotADirectory, IsADirectory } = Deno.errors;
  return [NotFound, NotADirectory, IsADirectory].some((kind) => error instanceof kind);
}

function describeRead(path: string, cause: unknown): HubError {
  const detail = accessErrorText(cause, `--allow-read="${path}"`);
  return new HubError(`Cannot read "${path}" of the cache: ${detail}`, { cause });
}
