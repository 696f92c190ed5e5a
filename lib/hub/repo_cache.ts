import { CacheFiles, type GrowingFile } from "./cache_files.ts";

/**
 * The files of one repository in the cache, which the Hugging Face Hub's Python library shares.
 *
 * ```
 * models--owner--name/
 *   refs/main                    the commit of a branch or tag
 *   blobs/<hash>                 contents; <hash>.incomplete is a partial download
 *   snapshots/<commit>/<path>    links to blobs: hard ones here, relative symbolic ones in Python
 *   .no_exist/<commit>/<path>    empty files: the repository is known to lack these
 *   trees/<commit>.json          all files of a commit, with sizes and hashes
 * ```
 *
 * Creating symbolic links would need permission to read and write everything. Needs `--allow-read`
 * and, to download, `--allow-write` for the cache.
 *
 * Source: huggingface_hub 2.0, `file_download.py` and `_tree_cache.py`.
 */
export class RepoCache {
  /** Folder of the repository in the cache. */
  readonly location: string;
  readonly #files: CacheFiles;
  /** Folder of the repository, relative to the cache. */
  readonly #folder: string;

  /** Names the folder; nothing is read yet. */
  constructor(cacheFolder: string, repo: string) {
    this.#files = new CacheFiles(cacheFolder);
    this.#folder = repoFolder(repo);
    this.location = this.#files.pathOf(this.#folder);
  }

  /** Reads the commit that a branch or tag pointed to when it was downloaded. */
  async readRef(revision: string): Promise<string | undefined> {
    return (await this.#files.readText(this.#at("refs", revision)))?.trim();
  }

  /** Stores the commit of a branch or tag. */
  async writeRef(revision: string, commit: string): Promise<void> {
    await this.#files.writeText(this.#at("refs", revision), commit);
  }

  /** Reads the listing of a commit. */
  async readTree(commit: string): Promise<string | undefined> {
    return await this.#files.readText(this.#at("trees", `${commit}.json`));
  }

  /** Stores the listing of a commit. */
  async writeTree(commit: string, text: string): Promise<void> {
    await this.#files.writeText(this.#at("trees", `${commit}.json`), text);
  }

  /** Returns the folder of a commit's files. */
  snapshotFolder(commit: string): string {
    return this.#files.pathOf(this.#at("snapshots", commit));
  }

  /** Creates the folder of a commit, so that a ref to it is valid. */
  async createSnapshot(commit: string): Promise<void> {
    await this.#files.makeFolder(this.#at("snapshots", commit));
  }

  /** Returns the size of a file of a commit, in bytes; undefined if there is no such file. */
  async snapshotSize(commit: string, path: string): Promise<number | undefined> {
    return await this.#files.size(this.#at("snapshots", commit, path));
  }

  /** Tells whether the repository is known to lack a file. */
  async isKnownAbsent(commit: string, path: string): Promise<boolean> {
    return await this.#files.size(this.#at(".no_exist", commit, path)) !== undefined;
  }

  /** Returns the size of a blob, in bytes; undefined if there is no such blob. */
  async blobSize(name: string): Promise<number | undefined> {
    return await this.#files.size(this.#at("blobs", name));
  }

  /** Returns the size of a partial blob, in bytes; 0 if there is none. */
  async incompleteSize(name: string): Promise<number> {
    return await this.#files.size(this.#incomplete(name)) ?? 0;
  }

  /** Opens a partial blob to continue it. The caller disposes of it. */
  async openIncomplete(name: string): Promise<GrowingFile> {
    return await this.#files.openGrowing(this.#incomplete(name));
  }

  /** Turns a partial blob into the blob. It replaces an older one. */
  async completeBlob(name: string): Promise<void> {
    await this.#files.rename(this.#incomplete(name), this.#at("blobs", name));
  }

  /** Deletes a partial blob. */
  async removeIncomplete(name: string): Promise<void> {
    await this.#files.remove(this.#incomplete(name));
  }

  /** Puts a blob into a commit's folder: as a hard link, or as a copy. */
  async linkBlob(name: string, commit: string, path: string): Promise<void> {
    await this.#files.link(this.#at("blobs", name), this.#at("snapshots", commit, path));
  }

  /** Waits until no other process, ours or Python's, downloads a blob. */
  async lock(
    name: string,
    options: { readonly signal?: AbortSignal; readonly onWait?: () => void } = {},
  ): Promise<Disposable> {
    return await this.#files.lock(`.locks/${this.#folder}/${name}.lock`, options);
  }

  #at(...parts: readonly string[]): string {
    return [this.#folder, ...parts].join("/");
  }

  #incomplete(name: string): string {
    return this.#at("blobs", `${name}.incomplete`);
  }
}

/** Returns the name of a repository's folder in the cache. */
export function repoFolder(repo: string): string {
  return `models--${repo.replaceAll("/", "--")}`;
}
