import { CacheFiles } from "./cache_files.ts";
import { createContentHash, isBlobName } from "./content_hash.ts";
import { blobName, decodeTree, isCommit } from "./repo_listing.ts";
import { repoFolder } from "./repo_cache.ts";

/** Result of {@linkcode verifyCache} for one file. */
export interface VerifiedFile {
  /** Repository. */
  readonly repo: string;
  /** Path in the cache. */
  readonly path: string;
  /** Size, in bytes. */
  readonly byteLength: number;
  /** Expected hash, in hexadecimal digits: SHA-256 of large files, SHA-1 of Git of others. */
  readonly expected: string;
  /** Hash of the content. */
  readonly found: string;
  /** Whether the hashes are equal. */
  readonly isValid: boolean;
}

/** Options of {@linkcode verifyCache}. */
export interface VerifyCacheOptions {
  /** Repository. Default: all. */
  readonly repo?: string;
  /** Aborts the check. */
  readonly signal?: AbortSignal;
  /** Called after each chunk with its size, in bytes. */
  readonly onBytes?: (byteLength: number) => void;
}

/**
 * Compares the content of cached files with their hashes. Nothing is changed.
 *
 * Checked are all blobs, and the files of a commit that are copies of blobs, if the listing of the
 * commit is in the cache. Partial downloads are not checked.
 *
 * @param cacheFolder Folder of the cache, as in {@linkcode HubSettings}.
 * @returns One result for each content, in the order of the paths.
 * @throws {HubError} If a file cannot be read.
 */
export async function* verifyCache(
  cacheFolder: string,
  { repo, signal, onBytes }: VerifyCacheOptions = {},
): AsyncGenerator<VerifiedFile> {
  const files = new CacheFiles(cacheFolder);
  const folders = (await files.list(".")).filter((name) => name.startsWith("models--"))
    .filter((name) => repo === undefined || name === repoFolder(repo));
  for (const folder of folders) {
    const checked = new Set<string>();
    for await (const { path, expected } of contentsOf(files, folder)) {
      const byteLength = await files.size(path);
      const id = await files.contentId(path);
      if (byteLength === undefined || (id !== undefined && checked.has(id))) continue;
      if (id !== undefined) checked.add(id);
      const hash = createContentHash(expected, byteLength);
      for await (const chunk of files.chunks(path)) {
        signal?.throwIfAborted();
        hash.update(chunk);
        onBytes?.(chunk.byteLength);
      }
      const found = hash.digest("hex");
      const isValid = found === expected;
      yield { repo: repoName(folder), path, byteLength, expected, found, isValid };
    }
  }
}

interface Content {
  readonly path: string;
  readonly expected: string;
}

/** Lists all files whose hash is known: blobs first, then the files of commits. */
async function* contentsOf(files: CacheFiles, folder: string): AsyncGenerator<Content> {
  for (const name of await files.list(`${folder}/blobs`)) {
    if (isBlobName(name)) yield { path: `${folder}/blobs/${name}`, expected: name };
  }
  for (const commit of await files.list(`${folder}/snapshots`)) {
    if (!isCommit(commit)) continue;
    const text = await files.readText(`${folder}/trees/${commit}.json`);
    const listing = text === undefined ? undefined : decodeTree(text, commit);
    for (const file of listing?.files ?? []) {
      yield { path: `${folder}/snapshots/${commit}/${file.path}`, expected: blobName(file) };
    }
  }
}

/** The inverse of {@linkcode repoFolder}. Names of repositories have no "--". */
function repoName(folder: string): string {
  return folder.replace(/^models--/, "").replaceAll("--", "/");
}
