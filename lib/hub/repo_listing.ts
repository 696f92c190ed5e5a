import { readBody } from "../http/read_body.ts";
import { defined } from "../text/defined.ts";
import { HubError } from "./hub_error.ts";
import { type HubClient, requestHub, watchIdle } from "./request.ts";
import { withRetries } from "./retry.ts";

/** A file of a repository. */
export interface RepoFile {
  /** Path in the repository. */
  readonly path: string;
  /** Size, in bytes. */
  readonly byteLength: number;
  /** SHA-1 of the Git blob: the file, or the pointer to a large file. */
  readonly gitHash: string;
  /** SHA-256 of a large file; undefined for a file in Git itself. */
  readonly sha256?: string;
}

/** The files of a repository at a commit. */
export interface RepoListing {
  /** Commit, 40 hexadecimal digits. */
  readonly commit: string;
  /** All files, needed or not. */
  readonly files: readonly RepoFile[];
}

/** Tells whether a text is a commit: 40 hexadecimal digits. */
export function isCommit(text: string): boolean {
  return /^[0-9a-f]{40}$/.test(text);
}

/** Returns the name of a file's blob in the cache: the hash of its content. */
export function blobName(file: RepoFile): string {
  return file.sha256 ?? file.gitHash;
}

/** Returns the path of a file's content at a commit, below the endpoint, encoded. */
export function resolvePath(repo: string, commit: string, file: Pick<RepoFile, "path">): string {
  const path = file.path.split("/").map(encodeURIComponent).join("/");
  return `/${repo}/resolve/${commit}/${path}`;
}

/**
 * Parses the response of the Hub's `/api/models/{repo}/revision/{revision}?blobs=true`.
 *
 * Paths and hashes become paths on this machine, so each is checked.
 *
 * @throws {SyntaxError} If the response has another form.
 */
export function parseModelInfo(value: unknown): RepoListing {
  const { sha, siblings } = record(value);
  if (typeof sha !== "string" || !isCommit(sha)) throw unfit("a commit", sha);
  if (!Array.isArray(siblings)) throw unfit("a list of files", siblings);
  const files = siblings.flatMap((sibling: unknown) => {
    const { rfilename, size, blobId, lfs } = record(sibling);
    const large = lfs === undefined || lfs === null ? undefined : record(lfs);
    return parseFile(rfilename, {
      size: large?.size ?? size,
      gitHash: blobId,
      sha256: large?.sha256,
    });
  });
  return { commit: sha, files };
}

/** Maximum size of a listing, in bytes: some hundred thousand files. */
const MAX_LISTING = 2 ** 25;
/** Maximum duration of a listing's transfer, in idle timeouts. */
const MAX_IDLE_TIMES = 5;

/**
 * Asks the Hub for the files of a repository, with sizes and hashes.
 *
 * @param revision Branch, tag or commit.
 * @throws {HubError} If the Hub does not answer with such a listing in time.
 */
export async function fetchListing(
  client: HubClient,
  { repo, revision }: { repo: string; revision: string },
  signal?: AbortSignal,
): Promise<RepoListing> {
  const path = `/api/models/${repo}/revision/${encodeURIComponent(revision)}?blobs=true`;
  const url = `${client.endpoint}${path}`;
  const { retry, onNote } = client;
  const text = await withRetries({ policy: retry, ...defined({ signal, onNote }) }, async () => {
    using idle = watchIdle(client, url);
    const deadline = AbortSignal.timeout(MAX_IDLE_TIMES * retry.idleTimeout);
    const signals = [idle.signal, deadline, ...(signal ? [signal] : [])];
    try {
      const response = await requestHub(client, { repo, path, signal: AbortSignal.any(signals) });
      return new TextDecoder().decode(await readBody(response, { maxBytes: MAX_LISTING, idle }));
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof HubError) throw error;
      throw describeCut(url, idle.signal.aborted ? idle.signal.reason : error);
    }
  });
  try {
    return parseModelInfo(JSON.parse(text));
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new HubError(`Cannot use the answer of ${url}: ${detail}`, { url, cause });
  }
}

function describeCut(url: string, cause: unknown): HubError {
  const detail = cause instanceof Error ? cause.message : String(cause);
  // A larger answer is not shorter at the next try.
  const isTransient = !(cause instanceof RangeError);
  return new HubError(`Cannot read the answer of ${url}: ${detail}`, { url, cause, isTransient });
}

/**
 * Encodes a listing in the form of the Python library's `trees/<commit>.json`.
 *
 * Source: huggingface_hub 2.0, `_tree_cache.py`.
 */
export function encodeTree({ files }: RepoListing): string {
  const sorted = files.toSorted((a, b) => a.path < b.path ? -1 : 1);
  const entries = sorted.map(({ path, byteLength, gitHash, sha256 }) => [path, {
    size: byteLength,
    blob_id: gitHash,
    ...defined({ lfs_sha256: sha256, lfs_size: sha256 && byteLength }),
  }]);
  return JSON.stringify({ format_version: 1, files: Object.fromEntries(entries) }, null, 1);
}

/** Decodes a listing of {@linkcode encodeTree} or the Python library; undefined if invalid. */
export function decodeTree(text: string, commit: string): RepoListing | undefined {
  try {
    const { format_version, files } = record(JSON.parse(text));
    if (format_version !== 1) return undefined;
    const parsed = Object.entries(record(files)).flatMap(([path, value]) => {
      const { size, blob_id, lfs_sha256, lfs_size } = record(value);
      return parseFile(path, {
        size: lfs_size ?? size,
        gitHash: blob_id,
        sha256: lfs_sha256 ?? undefined,
      });
    });
    return { commit, files: parsed };
  } catch {
    // It only saves a request: the Hub is asked again.
    return undefined;
  }
}

/** Returns one file, or none if its path could lead out of the folder: no model needs it. */
function parseFile(
  path: unknown,
  { size, gitHash, sha256 }: { size: unknown; gitHash: unknown; sha256: unknown },
): RepoFile[] {
  if (typeof path !== "string") throw unfit("a path in the repository", path);
  if (!isInside(path)) return [];
  if (!Number.isSafeInteger(size) || (size as number) < 0) {
    throw unfit(`the size of "${path}" in bytes`, size);
  }
  if (typeof gitHash !== "string" || !isCommit(gitHash)) {
    throw unfit(`the SHA-1 of "${path}"`, gitHash);
  }
  const file = { path, byteLength: size as number, gitHash };
  if (sha256 === undefined) return [file];
  if (typeof sha256 !== "string" || !/^[0-9a-f]{64}$/.test(sha256)) {
    throw unfit(`the SHA-256 of "${path}"`, sha256);
  }
  return [{ ...file, sha256 }];
}

/** Tells whether a path stays in its folder, on every system. */
function isInside(path: string): boolean {
  // deno-lint-ignore no-control-regex -- they are what is looked for
  if (path === "" || /[\\:\x00-\x1f]/.test(path)) return false;
  return path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

function record(value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw unfit("an object", value);
}

function unfit(expected: string, got: unknown): SyntaxError {
  const text = JSON.stringify(got)?.slice(0, 80) ?? "nothing";
  return new SyntaxError(`Cannot read the list of files: expected ${expected}, got ${text}`);
}
