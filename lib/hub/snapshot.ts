import { formatBytes } from "../text/format_bytes.ts";
import { downloadBlob } from "./download.ts";
import { HubError } from "./hub_error.ts";
import { blobName, type HubFile } from "./repo_listing.ts";
import type { HubProgress } from "./progress.ts";
import type { HubClient } from "./request.ts";
import type { RepoCache } from "./repo_cache.ts";

/** Files of a commit that are downloaded. */
export interface SnapshotDownload {
  /** Repository. */
  readonly repo: string;
  /** Commit, 40 hexadecimal digits. */
  readonly commit: string;
  /** Those that are needed. */
  readonly files: readonly HubFile[];
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
  const progress = new SnapshotProgress(download);
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
async function bytesThere(cache: RepoCache, file: HubFile, isForced: boolean): Promise<number> {
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

/** Counts bytes and files and tells the listener. */
class SnapshotProgress {
  readonly #download: SnapshotDownload;
  readonly #bytes = new Map<string, number>();
  readonly #bytesTotal: number;
  #filesDone = 0;
  #lastTime = -Infinity;

  constructor(download: SnapshotDownload) {
    this.#download = download;
    const sizes = new Map(download.files.map((file) => [blobName(file), file.byteLength]));
    this.#bytesTotal = sizes.values().reduce((sum, size) => sum + size, 0);
  }

  start(name: string, bytes: number): void {
    this.#bytes.set(name, bytes);
  }

  update(name: string, path: string, bytes: number): void {
    this.#bytes.set(name, bytes);
    const time = performance.now();
    // Ten a second are enough to look at.
    if (time - this.#lastTime < 100) return;
    this.#lastTime = time;
    this.send(path);
  }

  complete(files: readonly HubFile[]): void {
    this.#filesDone += files.length;
    this.#bytes.set(blobName(files[0]!), files[0]!.byteLength);
    this.send(files[0]!.path);
  }

  send(path?: string): void {
    this.#download.onProgress?.({
      repo: this.#download.repo,
      ...(path === undefined ? {} : { path }),
      bytesDone: this.#bytes.values().reduce((sum, size) => sum + size, 0),
      bytesTotal: this.#bytesTotal,
      filesDone: this.#filesDone,
      filesTotal: this.#download.files.length,
    });
  }
}
