import type { ModelFolder } from "../weights/model_folder.ts";
import { type ModelFolderOptions, openModelFolder } from "../weights/open_model_folder.ts";
import { defined } from "../text/defined.ts";
import { formatBytes } from "../text/format_bytes.ts";
import { freeBytes } from "./cache_files.ts";
import { createHubClient } from "./hub_client.ts";
import { HubError, type MissingFile } from "./hub_error.ts";
import { chooseFiles, type FileChoice } from "./repo_files.ts";
import {
  decodeTree,
  encodeTree,
  fetchListing,
  isCommit,
  type RepoFile,
  type RepoListing,
} from "./repo_listing.ts";
import { missingOfFolder, missingOfListing } from "./missing_files.ts";
import type { HubProgress } from "./progress.ts";
import type { HubClient } from "./request.ts";
import type { RetryPolicy } from "./retry.ts";
import { type HubSettings, resolveHubSettings } from "./settings.ts";
import { downloadSnapshot } from "./snapshot.ts";
import { FOLDER_MARKS, type HubReference, parseModelId } from "./model_ids.ts";
import { MACHINE, mayRead } from "./machine.ts";
import { RepoCache } from "./repo_cache.ts";

/** Options of {@linkcode openHubModel}. */
export interface HubModelOptions extends FileChoice {
  /** Address of the Hub and folder of the cache. Default: from the environment, as in Python. */
  readonly settings?: HubSettings;
  /** Whether missing files are downloaded. Default: false. */
  readonly download?: boolean;
  /** Whether all files are downloaded again, at the newest commit. Default: false. */
  readonly forceDownload?: boolean;
  /**
   * What `forceDownload` has downloaded again, so that it is not downloaded once more; calls add to
   * it. Several calls may share a set. Default: a set of the call.
   */
  readonly refreshed?: Set<string>;
  /** Command that downloads the model, for the error message without `download`. */
  readonly downloadCommand?: string;
  /** Replaces the global `fetch`. */
  readonly fetch?: typeof fetch;
  /** Number of tries, and time limits. Default: five tries. */
  readonly retry?: RetryPolicy;
  /**
   * Checks a model by its texts, such as configs, before its weights are downloaded. It throws if
   * the model cannot be used.
   */
  readonly check?: (folder: ModelFolder) => Promise<void>;
  /** Returns the free space for a folder, in bytes; undefined if it is not known. */
  readonly freeBytes?: (folder: string) => Promise<number | undefined>;
  /** Aborts a download. Partial files are kept for the next call. */
  readonly signal?: AbortSignal;
  /** Called with the progress of a download, at most ten times a second for each file. */
  readonly onProgress?: (progress: HubProgress) => void;
  /** Called with a sentence when a download waits for the server. */
  readonly onNote?: (message: string) => void;
}

/**
 * Opens a model by its id: a short name, a repository of the Hugging Face Hub or a folder.
 *
 * The network is used only if `download` allows it and a file is missing. A branch stays at the
 * commit that was downloaded first; `forceDownload` moves it to the newest.
 *
 * Needs `--allow-read` for the cache. A download needs `--allow-write` for it and `--allow-net` for
 * the Hub and its file stores (`huggingface.co,*.hf.co`).
 *
 * @param id An id for {@linkcode parseModelId}. A folder of this name takes precedence.
 * @throws {HubError} If the model is unknown, not on this machine, or cannot be downloaded.
 */
export async function openHubModel(
  id: string,
  options: HubModelOptions = {},
): Promise<ModelFolder> {
  const reference = parseModelId(id);
  if (reference.type === "folder") {
    return openModelFolder(reference.location, webOptions(options));
  }
  // "models/mini" may be a folder, as in diffusers.
  if (reference.model === undefined && await isModelFolder(id)) return openModelFolder(id);
  return await new HubModel(id, reference, options).open();
}

/** Returns the options for a folder that may be an address. */
export function webOptions(
  { fetch, signal, onNote, retry, forceDownload = false, refreshed }: HubModelOptions,
): ModelFolderOptions {
  const idleTimeout = retry?.idleTimeout;
  return { ...defined({ fetch, signal, onNote, idleTimeout, refreshed }), isForced: forceDownload };
}

async function isModelFolder(path: string): Promise<boolean> {
  // A folder without permission is not what the user means.
  if (!mayRead(path)) return false;
  const folder = openModelFolder(path);
  for (const path of FOLDER_MARKS) if (await folder.has(path)) return true;
  return false;
}

class HubModel {
  readonly #id: string;
  readonly #reference: HubReference;
  readonly #options: HubModelOptions;
  readonly #settings: HubSettings;
  readonly #cache: RepoCache;
  readonly #client: HubClient;

  constructor(id: string, reference: HubReference, options: HubModelOptions) {
    this.#id = id;
    this.#reference = reference;
    this.#options = options;
    this.#settings = options.settings ?? resolveHubSettings(MACHINE);
    this.#cache = new RepoCache(this.#settings.cacheFolder, reference.repo);
    this.#client = createHubClient(this.#settings, options);
  }

  async open(): Promise<ModelFolder> {
    const { download = false, forceDownload: force = false, refreshed } = this.#options;
    const forceDownload = force && !refreshed?.has(this.#choice());
    const pinned = await this.#readCommit();
    if (pinned !== undefined && !forceDownload) {
      const missing = await this.#findMissing(pinned);
      if (missing.length === 0) return openModelFolder(this.#cache.snapshotFolder(pinned));
      if (!download && !force) throw this.#describeMissing(missing);
    } else if (!download && !force) throw this.#describeMissing([]);
    if (this.#settings.isOffline) {
      throw new HubError(
        `Cannot download the model "${this.#id}": HF_HUB_OFFLINE forbids it; unset it`,
      );
    }
    try {
      const commit = await this.#download(pinned, forceDownload);
      if (forceDownload) refreshed?.add(this.#choice());
      return openModelFolder(this.#cache.snapshotFolder(commit));
    } catch (error) {
      throw error instanceof Deno.errors.NotCapable ? this.#describePermission(error) : error;
    }
  }

  /** Returns the key of the chosen files among what was downloaded again. */
  #choice(): string {
    const { subfolders, prefer, file, orOnlyWeights } = this.#options;
    return JSON.stringify([this.#id, subfolders, prefer, file, orOnlyWeights]);
  }

  /** Returns the commit of the revision: itself, or as it was when it was downloaded. */
  async #readCommit(): Promise<string | undefined> {
    const { revision } = this.#reference;
    if (isCommit(revision)) return revision;
    const commit = await this.#cache.readRef(revision);
    return commit !== undefined && isCommit(commit) ? commit : undefined;
  }

  async #readListing(commit: string): Promise<RepoListing | undefined> {
    const text = await this.#cache.readTree(commit);
    return text === undefined ? undefined : decodeTree(text, commit);
  }

  async #findMissing(commit: string): Promise<readonly MissingFile[]> {
    const { repo } = this.#reference;
    const listing = await this.#readListing(commit);
    return listing
      ? await missingOfListing(this.#cache, { repo, listing }, this.#options)
      : await missingOfFolder(this.#cache, commit, this.#options);
  }

  /** Downloads the missing files, or all at the newest commit. Returns the commit. */
  async #download(pinned: string | undefined, forceDownload: boolean): Promise<string> {
    const { repo, revision } = this.#reference;
    const { signal, onProgress } = this.#options;
    const base = forceDownload ? undefined : pinned;
    const listing = (base === undefined ? undefined : await this.#readListing(base)) ??
      await fetchListing(this.#client, { repo, revision: base ?? revision }, signal);
    const files = forceDownload
      ? chooseFiles(repo, listing, this.#options).flatMap((part) => [
        ...part.texts,
        ...part.weights,
      ])
      : await missingOfListing(this.#cache, { repo, listing }, this.#options);
    const { commit } = listing;
    await this.#cache.createSnapshot(commit);
    await this.#cache.writeTree(commit, encodeTree(listing));
    // An existing branch moves when all files are complete: until then, it names a complete model.
    if (await this.#readCommit() === undefined) await this.#cache.writeRef(revision, commit);
    const download = (some: readonly RepoFile[]) =>
      downloadSnapshot(this.#client, this.#cache, {
        repo,
        commit,
        files: some,
        isForced: forceDownload,
        freeBytes: this.#options.freeBytes ?? freeBytes,
        ...defined({ signal, onProgress }),
      });
    const { check } = this.#options;
    const texts = files.filter(({ path }) => !path.endsWith(".safetensors"));
    if (check && texts.length < files.length) {
      await download(texts);
      await check(openModelFolder(this.#cache.snapshotFolder(commit)));
      await download(forceDownload ? files.filter((file) => !texts.includes(file)) : files);
    } else await download(files);
    if (!isCommit(revision)) await this.#cache.writeRef(revision, commit);
    return commit;
  }

  #describePermission(cause: Error): HubError {
    const { cacheFolder } = this.#settings;
    return new HubError(
      `Cannot download the model "${this.#id}": permission is needed for the cache, run again ` +
        `with --allow-read="${cacheFolder}" --allow-write="${cacheFolder}"`,
      { cause },
    );
  }

  #describeMissing(missing: readonly MissingFile[]): HubError {
    const { repo, model } = this.#reference;
    const { cacheFolder } = this.#settings;
    const command = this.#options.downloadCommand ??
      `deno task generate --model ${this.#id} --download`;
    const name = this.#id === repo ? `"${repo}"` : `"${this.#id}" (${repo})`;
    if (missing.length === 0) {
      const size = model?.byteLength ? ` of about ${formatBytes(model.byteLength)}` : "";
      return new HubError(
        `Cannot open the model ${name}: its files${size} are not in "${cacheFolder}"; ` +
          `get them with: ${command}`,
      );
    }
    return new HubError(
      `Cannot open the model ${name}: ${listFiles(missing)} not in "${cacheFolder}"; ` +
        `get them with: ${command}`,
      { missing },
    );
  }
}

/** Writes "a, b, c and 2 more files (5.1 GB) are". */
function listFiles(missing: readonly MissingFile[]): string {
  const shown = missing.slice(0, 3).map(({ path }) => path).join(", ");
  const more = missing.length > 3 ? ` and ${missing.length - 3} more files` : "";
  const sizes = missing.map(({ byteLength }) => byteLength);
  const total = sizes.every((size) => size !== undefined)
    ? ` (${formatBytes(sizes.reduce((sum, size) => sum + size, 0))})`
    : "";
  return `${shown}${more}${total} ${missing.length === 1 ? "is" : "are"}`;
}
