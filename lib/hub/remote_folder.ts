import { readBody, readStart } from "../http/read_body.ts";
import { defined } from "../text/defined.ts";
import type { ByteSource } from "../weights/byte_source.ts";
import { MAX_TEXT_BYTES, type ModelFolder, ModelFolderError } from "../weights/model_folder.ts";
import { HeaderSource } from "../weights/header_source.ts";
import { createHubClient, type HubClientOptions } from "./hub_client.ts";
import { HubError } from "./hub_error.ts";
import { MACHINE } from "./machine.ts";
import type { HubReference } from "./model_ids.ts";
import { fetchListing, type RepoFile, type RepoListing, resolvePath } from "./repo_listing.ts";
import { type HubClient, requestHub, watchIdle } from "./request.ts";
import { withRetries } from "./retry.ts";
import { type HubSettings, resolveHubSettings } from "./settings.ts";

/** Options of {@linkcode RemoteFolder.open}. */
export interface RemoteFolderOptions extends HubClientOptions {
  /** Address of the Hub. Default: from the environment, as in Python. */
  readonly settings?: HubSettings;
  /** Aborts requests. */
  readonly signal?: AbortSignal;
}

/** First bytes of weights that are requested: the header of most networks. */
const FIRST_BYTES = 2 ** 19;
/** Maximum size of a header, in bytes, as in safetensors. */
const MAX_HEADER_BYTES = 100_000_000;

/**
 * A repository of the Hugging Face Hub that is read over the network and not kept: texts whole,
 * weights only up to the end of their header.
 */
export class RemoteFolder implements ModelFolder {
  /** Address of the repository. */
  readonly location: string;
  readonly #client: HubClient;
  readonly #repo: string;
  readonly #listing: RepoListing;
  readonly #signal: AbortSignal | undefined;
  /** Headers that were read. */
  readonly #headers = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();

  private constructor(
    client: HubClient,
    repo: string,
    { listing, signal }: {
      readonly listing: RepoListing;
      readonly signal: AbortSignal | undefined;
    },
  ) {
    this.location = `${client.endpoint}/${repo}`;
    this.#client = client;
    this.#repo = repo;
    this.#listing = listing;
    this.#signal = signal;
  }

  /**
   * Asks for the list of files. Needs `--allow-net` for the Hub and its file stores.
   *
   * @throws {HubError} If the Hub does not answer, or HF_HUB_OFFLINE forbids the network.
   */
  static async open(
    { repo, revision }: Pick<HubReference, "repo" | "revision">,
    options: RemoteFolderOptions = {},
  ): Promise<RemoteFolder> {
    const settings = options.settings ?? resolveHubSettings(MACHINE);
    if (settings.isOffline) {
      throw new HubError(`Cannot read ${repo}: HF_HUB_OFFLINE forbids the network; unset it`);
    }
    const { signal } = options;
    const client = createHubClient(settings, options);
    const listing = await fetchListing(client, { repo, revision }, signal);
    return new RemoteFolder(client, repo, { listing, signal });
  }

  /** Lists the names of the files that are in no subfolder. */
  list(): Promise<readonly string[]> {
    const paths = this.#listing.files.map(({ path }) => path);
    return Promise.resolve(paths.filter((path) => !path.includes("/")).sort());
  }

  /** Tells whether a file exists. */
  has(path: string): Promise<boolean> {
    return Promise.resolve(this.#listing.files.some((file) => file.path === path));
  }

  /** Downloads a file and decodes it as UTF-8 text. */
  async text(path: string): Promise<string> {
    const file = this.#find(path);
    if (file.byteLength > MAX_TEXT_BYTES) {
      const detail = `expected at most ${MAX_TEXT_BYTES} bytes, got ${file.byteLength}`;
      throw new ModelFolderError(`${this.location}/${path}`, detail);
    }
    return new TextDecoder().decode(await this.#fetch(file, file.byteLength));
  }

  /** Downloads the header of weights. All bytes behind it read as zero. */
  async source(path: string): Promise<ByteSource> {
    const file = this.#find(path);
    const pending = this.#headers.get(path) ?? this.#fetchHeader(file);
    this.#headers.set(path, pending);
    return new HeaderSource(`${this.location}/${path}`, file.byteLength, await pending);
  }

  #find(path: string): RepoFile {
    const file = this.#listing.files.find((one) => one.path === path);
    if (file) return file;
    throw new ModelFolderError(`${this.location}/${path}`, "there is no such file");
  }

  async #fetchHeader(file: RepoFile): Promise<Uint8Array<ArrayBuffer>> {
    const start = await this.#fetch(file, Math.min(file.byteLength, FIRST_BYTES));
    if (start.byteLength < 8) return start;
    const length = Number(new DataView(start.buffer, start.byteOffset, 8).getBigUint64(0, true));
    const end = 8 + length;
    const isWhole = end <= start.byteLength || length > MAX_HEADER_BYTES || end > file.byteLength;
    return isWhole ? start : await this.#fetch(file, end);
  }

  /** Downloads the first bytes of a file. */
  async #fetch(file: RepoFile, length: number): Promise<Uint8Array<ArrayBuffer>> {
    if (length === 0) return new Uint8Array(0);
    const path = resolvePath(this.#repo, this.#listing.commit, file);
    const url = `${this.#client.endpoint}${path}`;
    const signal = this.#signal;
    const options = { policy: this.#client.retry, ...defined({ signal }) };
    return await withRetries(options, async () => {
      using idle = watchIdle(this.#client, url);
      const watch = AbortSignal.any([idle.signal, ...(signal ? [signal] : [])]);
      try {
        const request = { repo: this.#repo, path, length, signal: watch };
        return await readFirst(await requestHub(this.#client, request), { length, idle });
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof HubError) throw error;
        const cause: unknown = idle.signal.aborted ? idle.signal.reason : error;
        const detail = cause instanceof Error ? cause.message : String(cause);
        throw new HubError(`Cannot read ${url}: ${detail}`, { url, cause, isTransient: true });
      }
    });
  }
}

/** Reads the first bytes of a response. A server without ranges sends the whole file. */
async function readFirst(
  response: Response,
  { length, idle }: { readonly length: number; readonly idle: ReturnType<typeof watchIdle> },
): Promise<Uint8Array<ArrayBuffer>> {
  if (response.status === 206) return await readBody(response, { maxBytes: length, idle });
  return await readStart(response, length, idle);
}
