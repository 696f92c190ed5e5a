import { IdleTimeout } from "../http/idle_timeout.ts";
import { announcedLength, readBody } from "../http/read_body.ts";
import { accessErrorText } from "../text/access_error.ts";
import { type ByteSource, memorySource } from "./byte_source.ts";
import { MAX_TEXT_BYTES, type ModelFolder, ModelFolderError } from "./model_folder.ts";
import { readSafetensorsHeader } from "./safetensors.ts";
import { defined } from "../text/defined.ts";
import { WebCache } from "./web_cache.ts";
import { fetchHeader } from "./web_header.ts";

/** Options of {@linkcode WebFolder}. */
export interface WebFolderOptions {
  /** Replaces the global `fetch`. */
  readonly fetch?: typeof fetch;
  /** Name of the Web cache that keeps downloads; `null` keeps none. Default: "smalti". */
  readonly cacheName?: string | null;
  /** Whether files are downloaded again, whatever the Web cache has. Default: false. */
  readonly isForced?: boolean;
  /** Files that `isForced` has downloaded; they are not downloaded once more. */
  readonly refreshed?: Set<string>;
  /** Time in which a server must send 32 kB, in milliseconds. Default: one minute. */
  readonly idleTimeout?: number;
  /** Aborts downloads. */
  readonly signal?: AbortSignal;
  /** Whether only the headers of weights are read; the bytes behind read as 0. Default: false. */
  readonly headersOnly?: boolean;
  /** Called with a sentence when the download waits for the server. */
  readonly onNote?: (message: string) => void;
}

/** Maximum size of weights, in bytes: of the largest array. */
const MAX_WEIGHTS = 2 ** 33;
/** Maximum size of weights whose length the server does not announce, in bytes. */
const MAX_UNANNOUNCED = 2 ** 30;

const IDLE_TIMEOUT = 60_000;

/**
 * A model folder on a server. Files are read into memory and kept in the Web cache.
 *
 * The Web cache keeps only files that are known to be complete. The server is asked whether a kept
 * file has changed if it has sent an ETag or a date.
 */
export class WebFolder implements ModelFolder {
  /** Address of the folder, with a final slash. */
  readonly location: string;
  readonly #options: WebFolderOptions;
  readonly #cache: WebCache;
  /** Files that were read, so that `has` followed by `source` downloads once. */
  readonly #files = new Map<string, Promise<Uint8Array<ArrayBuffer> | undefined>>();
  /** Headers that were read. */
  readonly #headers = new Map<string, Promise<ByteSource | undefined>>();

  /** Creates a folder; nothing is downloaded yet. */
  constructor(url: URL, options: WebFolderOptions = {}) {
    const base = new URL(url);
    if (!base.pathname.endsWith("/")) base.pathname += "/";
    this.location = base.href;
    this.#options = options;
    this.#cache = new WebCache(options.cacheName === undefined ? "smalti" : options.cacheName);
  }

  /** Tells whether a file exists. Downloads it. */
  async has(path: string): Promise<boolean> {
    if (this.#readsHeader(path)) return await this.#header(path) !== undefined;
    return await this.#load(path) !== undefined;
  }

  /** Downloads a file and decodes it as UTF-8 text. */
  async text(path: string): Promise<string> {
    return new TextDecoder().decode(await this.#bytes(path));
  }

  /** Downloads a file into memory, or the header of weights if only headers are wanted. */
  async source(path: string): Promise<ByteSource> {
    if (this.#readsHeader(path)) {
      const header = await this.#header(path);
      if (header) return header;
      throw missing(this.#address(path));
    }
    const bytes = await this.#bytes(path);
    // The source holds the bytes from here on: a large file is not held twice.
    this.#files.delete(path);
    return memorySource(bytes, this.#address(path));
  }

  async #bytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = await this.#load(path);
    if (bytes !== undefined) return bytes;
    throw missing(this.#address(path));
  }

  #readsHeader(path: string): boolean {
    return this.#options.headersOnly === true && /\.safetensors(\?|$)/.test(path);
  }

  #header(path: string): Promise<ByteSource | undefined> {
    let pending = this.#headers.get(path);
    if (!pending) {
      const { fetch, signal, idleTimeout = IDLE_TIMEOUT } = this.#options;
      const options = { idleTimeout, ...defined({ fetch, signal }) };
      pending = fetchHeader(this.#address(path), options);
      pending.catch(() => this.#headers.delete(path));
      this.#headers.set(path, pending);
    }
    return pending;
  }

  #address(path: string): string {
    return new URL(path, this.location).href;
  }

  #load(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    let pending = this.#files.get(path);
    if (!pending) {
      pending = this.#download(this.#address(path));
      // A failure is not remembered: the next call tries again.
      pending.catch(() => this.#files.delete(path));
      this.#files.set(path, pending);
    }
    return pending;
  }

  async #download(address: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const { isForced = false, refreshed } = this.#options;
    const kept = isForced && !refreshed?.has(address) ? undefined : await this.#cache.find(address);
    // A server that sends no versions cannot tell whether the file has changed.
    if (kept?.bytes && Object.keys(kept.validators).length === 0) return kept.bytes;
    let answer: Answer;
    try {
      answer = await this.#request(address, kept?.validators ?? {});
    } catch (error) {
      this.#options.signal?.throwIfAborted();
      // Without a network, the kept file is used.
      if (kept && error instanceof ModelFolderError && error.status === undefined) {
        return kept.bytes;
      }
      throw error;
    }
    const { response, bytes } = answer;
    if (response.status === 304 && kept) return kept.bytes;
    if (response.status === 404) {
      await this.#cache.keepAbsence(address);
      return undefined;
    }
    if (!isComplete(address, response, bytes)) return bytes;
    await this.#cache.keep(address, response, bytes);
    refreshed?.add(address);
    return bytes;
  }

  async #request(address: string, headers: Record<string, string>): Promise<Answer> {
    const { host } = new URL(address);
    const { onNote, signal, idleTimeout = IDLE_TIMEOUT } = this.#options;
    signal?.throwIfAborted();
    using idle = new IdleTimeout({
      limit: idleTimeout,
      ...(onNote && {
        onSilence: (seconds) =>
          onNote(`Waiting for data from ${host}; giving up after ${seconds} more seconds`),
      }),
    });
    const request = {
      headers,
      signal: AbortSignal.any([idle.signal, ...(signal ? [signal] : [])]),
    };
    try {
      const response = await (this.#options.fetch ?? fetch)(address, request);
      const { status, statusText } = response;
      if (status === 304 || status === 404) {
        await response.body?.cancel();
        return { response, bytes: new Uint8Array(0) };
      }
      if (!response.ok) {
        await response.body?.cancel();
        const detail = `the server answered ${status} ${statusText}`.trim();
        throw new ModelFolderError(address, detail, { status });
      }
      const isWeights = address.endsWith(".safetensors");
      const bytes = await readBody(response, {
        maxBytes: isWeights ? MAX_WEIGHTS : MAX_TEXT_BYTES,
        maxUnannounced: isWeights ? MAX_UNANNOUNCED : MAX_TEXT_BYTES,
        idle,
      });
      return { response, bytes };
    } catch (cause) {
      signal?.throwIfAborted();
      if (cause instanceof ModelFolderError) throw cause;
      // The timeout aborts with its own reason, which a fetch may wrap.
      const reason: unknown = idle.signal.aborted ? idle.signal.reason : cause;
      const detail = accessErrorText(reason, `--allow-net=${host}`);
      throw new ModelFolderError(address, detail, { cause });
    }
  }
}

function missing(address: string): ModelFolderError {
  return new ModelFolderError(address, "there is no such file (status 404)", { status: 404 });
}

interface Answer {
  readonly response: Response;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Tells whether a file is known to be complete: by its content, or by how the body ended. */
function isComplete(
  address: string,
  response: Response,
  bytes: Uint8Array<ArrayBuffer>,
): boolean {
  const { pathname } = new URL(address);
  if (pathname.endsWith(".safetensors")) {
    return isParsed(() => {
      readSafetensorsHeader(memorySource(bytes, address));
    });
  }
  if (pathname.endsWith(".json")) {
    return isParsed(() => JSON.parse(new TextDecoder().decode(bytes)));
  }
  // An encoded or chunked body marks its end. One without length ends with the connection.
  return announcedLength(response) !== undefined || response.headers.has("content-encoding") ||
    response.headers.has("transfer-encoding");
}

function isParsed(parse: () => void): boolean {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}
