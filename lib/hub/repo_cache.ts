import { dirname, join } from "node:path";
import { accessErrorText } from "../text/access_error.ts";
import { HubError } from "./hub_error.ts";
import { pause } from "./retry.ts";
import type { HubSettingsSource } from "./settings.ts";

/** Time between two looks at a lock that another process holds, in milliseconds. */
const LOCK_PAUSE = 200;

/**
 * The files of one repository in the cache that the Python library of the Hugging Face Hub has too.
 *
 * ```
 * models--owner--name/
 *   refs/main                    the commit of a branch or tag
 *   blobs/<hash>                 contents, and what has come of one: <hash>.incomplete
 *   snapshots/<commit>/<path>    links to blobs: hard ones here, relative symbolic ones in Python
 *   .no_exist/<commit>/<path>    empty files: what is known not to be there
 *   trees/<commit>.json          all files of a commit, with sizes and hashes
 * ```
 *
 * Symbolic links would need the right to read and write everywhere. Needs `--allow-read` and, to
 * download, `--allow-write` for the cache.
 *
 * Source: huggingface_hub 2.0, `file_download.py` and `_tree_cache.py`.
 */
export class RepoCache {
  /** Folder of the repository in the cache. */
  readonly location: string;
  readonly #lockFolder: string;

  /** Names the place; nothing is read yet. */
  constructor(cacheFolder: string, repo: string) {
    const name = `models--${repo.replaceAll("/", "--")}`;
    this.location = join(cacheFolder, name);
    this.#lockFolder = join(cacheFolder, ".locks", name);
  }

  /** Reads the commit that a branch or tag stood for when it was downloaded. */
  async readRef(revision: string): Promise<string | undefined> {
    return (await readText(join(this.location, "refs", revision)))?.trim();
  }

  /** Keeps the commit of a branch or tag. */
  async writeRef(revision: string, commit: string): Promise<void> {
    await writeText(join(this.location, "refs", revision), commit);
  }

  /** Reads the list of all files of a commit. */
  async readTree(commit: string): Promise<string | undefined> {
    return await readText(join(this.location, "trees", `${commit}.json`));
  }

  /** Keeps the list of all files of a commit. */
  async writeTree(commit: string, text: string): Promise<void> {
    await writeText(join(this.location, "trees", `${commit}.json`), text);
  }

  /** Returns the folder of a commit's files. */
  snapshotFolder(commit: string): string {
    return join(this.location, "snapshots", commit);
  }

  /** Makes the folder of a commit, so that a ref to it is valid. */
  async createSnapshot(commit: string): Promise<void> {
    await Deno.mkdir(this.snapshotFolder(commit), { recursive: true });
  }

  /** Returns the size of a file of a commit, in bytes; undefined if it is not there. */
  async snapshotSize(commit: string, path: string): Promise<number | undefined> {
    return await fileSize(join(this.snapshotFolder(commit), path));
  }

  /** Tells whether a file is known not to be in the repository. */
  async isKnownAbsent(commit: string, path: string): Promise<boolean> {
    return await fileSize(join(this.location, ".no_exist", commit, path)) !== undefined;
  }

  /** Returns the size of a blob, in bytes; undefined if it is not there. */
  async blobSize(name: string): Promise<number | undefined> {
    return await fileSize(this.#blob(name));
  }

  /** Returns how much of a blob has come, in bytes. */
  async incompleteSize(name: string): Promise<number> {
    return await fileSize(this.#incomplete(name)) ?? 0;
  }

  /** Opens what has come of a blob, to go on. The caller disposes it. */
  async openIncomplete(name: string): Promise<IncompleteBlob> {
    await Deno.mkdir(dirname(this.#blob(name)), { recursive: true });
    const file = await Deno.open(this.#incomplete(name), { read: true, write: true, create: true });
    return new IncompleteBlob(file);
  }

  /** Makes what has come the blob, in place of the one that may be there. */
  async completeBlob(name: string): Promise<void> {
    await Deno.rename(this.#incomplete(name), this.#blob(name));
  }

  /** Deletes what has come of a blob. */
  async removeIncomplete(name: string): Promise<void> {
    await removeFile(this.#incomplete(name));
  }

  /** Puts a blob into a commit's folder, by a hard link, or a copy where there are none. */
  async linkBlob(name: string, commit: string, path: string): Promise<void> {
    const target = join(this.snapshotFolder(commit), path);
    await Deno.mkdir(dirname(target), { recursive: true });
    // Made beside and renamed: another process may put the same file there.
    const beside = `${target}.${crypto.randomUUID()}.tmp`;
    try {
      await Deno.link(this.#blob(name), beside);
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) throw error;
      await Deno.copyFile(this.#blob(name), beside);
    }
    await Deno.rename(beside, target);
    // To rename a link to another one of the same file does nothing.
    await removeFile(beside);
  }

  /** Waits until no other process, of ours or of Python, downloads a blob. */
  async lock(name: string, signal?: AbortSignal): Promise<Disposable> {
    await Deno.mkdir(this.#lockFolder, { recursive: true });
    const path = join(this.#lockFolder, `${name}.lock`);
    const file = await Deno.open(path, { write: true, create: true });
    try {
      while (!await tryLock(file)) await pause(LOCK_PAUSE, signal);
      return file;
    } catch (error) {
      file.close();
      throw error;
    }
  }

  #blob(name: string): string {
    return join(this.location, "blobs", name);
  }

  #incomplete(name: string): string {
    return join(this.location, "blobs", `${name}.incomplete`);
  }
}

/** What has come of a blob. */
export class IncompleteBlob implements Disposable {
  readonly #file: Deno.FsFile;

  /** Takes over an open file. */
  constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /** Reads it from the start; afterwards, {@linkcode write} appends. */
  async *chunks(): AsyncGenerator<Uint8Array> {
    await this.#file.seek(0, Deno.SeekMode.Start);
    const buffer = new Uint8Array(1 << 20);
    for (let size; (size = await this.#file.read(buffer)) !== null;) yield buffer.subarray(0, size);
  }

  /** Appends bytes. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.byteLength;) {
      done += await this.#file.write(bytes.subarray(done));
    }
  }

  /** Drops everything. */
  async clear(): Promise<void> {
    await this.#file.truncate(0);
    await this.#file.seek(0, Deno.SeekMode.Start);
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** Where a file system has no locks, there is none: the hash tells if two wrote at once. */
async function tryLock(file: Deno.FsFile): Promise<boolean> {
  try {
    return await file.tryLock(true);
  } catch {
    return true;
  }
}

/** Tells whether a path may be read, without asking the user. */
export function mayRead(path: string): boolean {
  return Deno.permissions.querySync({ name: "read", path }).state === "granted";
}

/** What the settings of the Hub are read from: the environment and a file, where that is allowed. */
export const MACHINE: HubSettingsSource = {
  variable(name) {
    const { state } = Deno.permissions.querySync({ name: "env", variable: name });
    return state === "granted" ? Deno.env.get(name) : undefined;
  },
  readText(path) {
    if (!mayRead(path)) return undefined;
    try {
      return Deno.readTextFileSync(path);
    } catch {
      return undefined;
    }
  },
};

async function fileSize(path: string): Promise<number | undefined> {
  try {
    const { isFile, size } = await Deno.stat(path);
    return isFile ? size : undefined;
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw describeRead(path, error);
  }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw describeRead(path, error);
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

/** Writes beside and renames, so that nobody reads half of it. */
async function writeText(path: string, text: string): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  const beside = `${path}.${crypto.randomUUID()}.tmp`;
  await Deno.writeTextFile(beside, text);
  await Deno.rename(beside, path);
}

async function removeFile(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
