import { defined } from "../text/defined.ts";
import { HubError } from "./hub_error.ts";
import { blobName, type RepoFile, resolvePath } from "./repo_listing.ts";
import { type HubClient, requestHub, watchIdle } from "./request.ts";
import { withRetries } from "./retry.ts";
import { PartialContent } from "./partial_content.ts";
import type { RepoCache } from "./repo_cache.ts";

/** A download of one content. */
export interface BlobDownload {
  /** Repository. */
  readonly repo: string;
  /** Commit, 40 hexadecimal digits. */
  readonly commit: string;
  /** A file with this content. */
  readonly file: RepoFile;
  /** Whether a complete blob is downloaded again. */
  readonly isForced: boolean;
  /** Aborts the download. The partial blob is kept. */
  readonly signal: AbortSignal;
  /** Called with the number of bytes on the disk, whenever it changes. */
  onBytes(byteLength: number): void;
}

/** Content with a wrong hash is deleted and downloaded once more. */
const CONTENT_TRIES = 2;
/** New bytes after which failures are counted anew. */
const MIN_PROGRESS = 16_384;

/**
 * Downloads a content into the cache and checks its hash. A partial download is resumed.
 *
 * @throws {HubError} If it cannot be downloaded, or its hash is wrong twice.
 */
export async function downloadBlob(
  client: HubClient,
  cache: RepoCache,
  download: BlobDownload,
): Promise<void> {
  const { repo, file, isForced, signal, onBytes } = download;
  const name = blobName(file);
  const onWait = () =>
    client.onNote?.(`Waiting for another process that downloads "${file.path}" of ${repo}`);
  using _lock = await cache.lock(name, { signal, onWait });
  // Another process may have completed it while this one waited.
  if (!isForced && await cache.blobSize(name) === file.byteLength) {
    onBytes(file.byteLength);
    return;
  }
  if (isForced) await cache.removeIncomplete(name);
  let found = "";
  for (let i = 0; i < CONTENT_TRIES; i++) {
    found = await fill(client, cache, download);
    if (found === name) {
      await cache.completeBlob(name);
      return;
    }
    await cache.removeIncomplete(name);
    onBytes(0);
  }
  const url = addressOf(client, download);
  throw new HubError(
    `Cannot use ${url}: expected content with the hash ${name}, got ${found} after ` +
      `${CONTENT_TRIES} tries; the content was deleted`,
    { url },
  );
}

/** Downloads until the content is complete, and returns its hash. */
async function fill(
  client: HubClient,
  cache: RepoCache,
  download: BlobDownload,
): Promise<string> {
  const { signal } = download;
  using blob = await cache.openIncomplete(blobName(download.file));
  const content = await PartialContent.open(blob, download);
  // Only new bytes count: a server that always starts over, or sends a few bytes each time, fails.
  let counted = content.byteLength;
  const options = { policy: client.retry, ...defined({ signal, onNote: client.onNote }) };
  await withRetries(options, async (onProgress) => {
    const onChunk = () => {
      if (content.byteLength < counted + MIN_PROGRESS) return;
      counted = content.byteLength;
      onProgress();
    };
    if (!content.isComplete) await fetchRest(client, content, { download, onChunk });
  });
  return content.hash();
}

/** Requests the missing bytes once and appends them. */
async function fetchRest(
  client: HubClient,
  content: PartialContent,
  { download, onChunk }: { download: BlobDownload; onChunk: () => void },
): Promise<void> {
  const { repo, commit, file, signal } = download;
  const path = resolvePath(repo, commit, file);
  const start = content.byteLength;
  using idle = watchIdle(client, client.endpoint);
  const watch = AbortSignal.any([signal, idle.signal]);
  try {
    const response = await requestHub(client, { repo, path, start, signal: watch });
    await prepare(content, response);
    for await (const chunk of response.body ?? []) {
      idle.add(chunk.byteLength);
      await content.append(chunk);
      onChunk();
    }
  } catch (error) {
    signal.throwIfAborted();
    throw await describeFault(client, content, { download, error });
  }
  if (!content.isComplete) throw cutOff(client, content, { download, error: undefined });
}

/** Keeps the partial content if the response continues it; deletes it otherwise. */
async function prepare(content: PartialContent, response: Response): Promise<void> {
  const start = content.byteLength;
  if (start === 0) return;
  const range = /^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "");
  if (response.status === 206 && Number(range?.[1]) === start) return;
  await content.clear();
  if (response.status === 200) return;
  await response.body?.cancel();
  throw new RangeError(`expected a range from byte ${start}, got another`);
}

async function describeFault(
  client: HubClient,
  content: PartialContent,
  { download, error }: { download: BlobDownload; error: unknown },
): Promise<HubError> {
  if (!(error instanceof HubError)) return cutOff(client, content, { download, error });
  if (error.status !== 416) return error;
  // The partial content is not the start of this file: start over.
  const isTransient = content.byteLength > 0;
  await content.clear();
  const { message, status, url } = error;
  return new HubError(message, { ...defined({ status, url }), isTransient });
}

function cutOff(
  client: HubClient,
  content: PartialContent,
  { download, error }: { download: BlobDownload; error: unknown },
): HubError {
  const url = addressOf(client, download);
  const detail = error instanceof Error ? ` (${error.message})` : "";
  return new HubError(
    `Cannot download ${url}: the transfer was cut off after ${content.byteLength} of ` +
      `${download.file.byteLength} bytes${detail}; run again to resume`,
    { url, cause: error, isTransient: true },
  );
}

function addressOf(client: HubClient, { repo, commit, file }: BlobDownload): string {
  return `${client.endpoint}${resolvePath(repo, commit, file)}`;
}
