import { formatBytes } from "../text/format_bytes.ts";
import { downloadBlob } from "./download.ts";
import { HubError } from "./hub_error.ts";
import { blobName, type RepoFile } from "./repo_listing.ts";
import { type HubProgress, SnapshotProgress } from "./progress.ts";
import type { HubClient } from "./request.ts";
import type { RepoCache } from "./repo_cache.ts";

/** A download of files of a commit. */
export interface SnapshotDownload {
  /** Repository. */
  readonly repo: string;
  /** Commit, 40 hexadecimal digits. */
  readonly commit: string;
  /** Files to download. */
  readonly files: readonly RepoFile[];
  /** Whether complete files are downloaded again. */
  readonly isForced: boolean;
  /** Returns the free space for a folder, in bytes; undefined if it is not known. */
  freeBytes(folder: string): Promise<number | undefined>;
  /** Aborts the download. Partial files are kept. */
  readonly signal?: AbortSignal;
  /** Called with the progress. */
  onProgress?(progress: HubProgress): void;
}

/** Number of files that are downloaded in parallel. */
const PARALLEL = 4;
/** Space that stays free on the disk, in bytes. */
const RESERVE = 100_000_000;

/**
 * Downloads files of a commit into the cache, four in parallel, each content once.
 *
 * After a failure, partial files are kept and the next call resumes them.
 *
 * @throws {HubError} If the disk is too full or a file cannot be downloaded.
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
    const done = await cachedBytes(cache, file!, download.isForced);
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
      // The first failure aborts the other downloads.
      failure.abort(error);
    }));
  await Promise.all(workers);
  signal.throwIfAborted();
}

/** Returns the number of bytes of a content that need no download. */
async function cachedBytes(cache: RepoCache, file: RepoFile, isForced: boolean): Promise<number> {
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
      `free some space, or set HF_HOME to a folder on another disk`,
  );
}
