import { formatBytes } from "../text/format_bytes.ts";
import { downloadBlob } from "./download.ts";
import { HubError } from "./hub_error.ts";
import { blobName, type RepoFile } from "./repo_listing.ts";
import { type HubProgress, SnapshotProgress } from "./progress.ts";
import type { HubClient } from "./request.ts";
import type { RepoCache } from "./repo_cache.ts";

/** Files of a commit that are downloaded. */
export interface SnapshotDownload {
  /** Repository. */
  readonly repo: string;
  /** Commit, 40 hexadecimal digits. */
  readonly commit: string;
  /** Those that are needed. */
  readonly files: readonly RepoFile[];
  /** Whether files are downloaded that are there. */
  readonly isForced: boolean;
  /** Tells how much can be written into a folder, in bytes; undefined if that is not known. */
  freeBytes(folder: string): Promise<number | undefined>;
  /** Stops the download; what came is kept. */
  readonly signal?: AbortSignal;
  /** Told how far it is. */
  onProgress?(progress: HubProgress): void;
}

/** Files that are downloaded at a time. */
const PARALLEL = 4;
/** Left free on the disk, in bytes. */
const RESERVE = 100_000_000;

/**
 * Downloads files of a commit into the cache, a few at a time, each content once.
 *
 * What comes is kept when it fails, so that the next call goes on.
 *
 * @throws {HubError} If the disk is too full or a file cannot be had.
 */
export async function downloadSnapshot(
  client: HubClient,
  cache: RepoCache,
  download: SnapshotDownload,
): Promise<void> {
  const contents = [...Map.groupBy(download.files, blobName)];
  const progress = new SnapshotProgress(download, download.onProgress);
  let needed = 0;
  for (const [name, [file]] of contents) {
    const done = await bytesThere(cache, file!, download.isForced);
    progress.start(name, done);
    needed += file!.byteLength - done;
  }
  await checkSpace(cache, download, needed);
  progress.send();
  const failure = new AbortController();
  const signal = AbortSignal.any([failure.signal, ...(download.signal ? [download.signal] : [])]);
  const queue = contents.values();
  const worker = async () => {
    for (const [name, files] of queue) {
      signal.throwIfAborted();
      const onBytes = (bytes: number) => progress.update(name, files[0]!.path, bytes);
      await downloadBlob(client, cache, { ...download, file: files[0]!, signal, onBytes });
      for (const { path } of files) await cache.linkBlob(name, download.commit, path);
      progress.complete(files);
    }
  };
  const workers = Array.from({ length: PARALLEL }, () =>
    worker().catch((error) => {
      // The first failure ends the others, whose failures it causes.
      failure.abort(error);
    }));
  await Promise.all(workers);
  signal.throwIfAborted();
}

/** Returns how much of a content need not be downloaded, in bytes. */
async function bytesThere(cache: RepoCache, file: RepoFile, isForced: boolean): Promise<number> {
  if (isForced) return 0;
  const name = blobName(file);
  if (await cache.blobSize(name) === file.byteLength) return file.byteLength;
  const size = await cache.incompleteSize(name);
  return size > file.byteLength ? 0 : size;
}

async function checkSpace(
  cache: RepoCache,
  download: SnapshotDownload,
  needed: number,
): Promise<void> {
  const free = await download.freeBytes(cache.location);
  if (free === undefined || needed === 0 || needed + RESERVE <= free) return;
  throw new HubError(
    `Cannot download ${download.repo}: expected ${formatBytes(needed + RESERVE)} free for ` +
      `"${cache.location}", got ${formatBytes(free)}; ` +
      `make room or set HF_HOME to a folder on another disk`,
  );
}
