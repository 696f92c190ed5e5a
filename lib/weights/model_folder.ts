import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { accessErrorText } from "../text/access_error.ts";
import { type ByteSource, memorySource } from "./byte_source.ts";
import { fileSource } from "./file_source.ts";

/** How a teacher's folder is read: from disk, from the network, from memory. */
export interface ModelFolder {
  /** Path or address, for error messages. */
  readonly location: string;
  /** Tells whether a file exists. */
  has(path: string): Promise<boolean>;
  /** Reads a file as text. */
  text(path: string): Promise<string>;
  /** Opens a file. The caller closes the source. */
  source(path: string): Promise<ByteSource>;
}

/** A file of a folder could not be read. */
export class ModelFolderError extends Error {
  /** Name of the class. */
  override readonly name = "ModelFolderError";
  /** Path or address of the file. */
  readonly location: string;
  /** HTTP status, where there is one. */
  readonly status: number | undefined;

  /** Describes a failure. */
  constructor(location: string, detail: string, options?: ErrorOptions & { status?: number }) {
    super(`Cannot read "${location}": ${detail}`, options);
    this.location = location;
    this.status = options?.status;
  }
}

/** Options of {@linkcode openModelFolder}; used only for addresses. */
export interface ModelFolderOptions {
  /** Replaces the global `fetch`. */
  readonly fetch?: typeof fetch;
  /** Name of the Web cache that keeps downloads; `null` keeps none. Default: "smalti". */
  readonly cacheName?: string | null;
}

/**
 * Opens a folder for reading.
 *
 * @param location A path, a `file:` URL (needs `--allow-read`) or an `http(s):` URL (needs
 * `--allow-net` for its host; files are kept in the Web cache of the script that is run, which needs
 * no permission).
 */
export function openModelFolder(
  location: string | URL,
  options: ModelFolderOptions = {},
): ModelFolder {
  if (typeof location === "string" && !/^[a-z][a-z+.-]+:/i.test(location)) {
    return new LocalFolder(location);
  }
  const url = new URL(location);
  if (url.protocol === "file:") return new LocalFolder(fileURLToPath(url));
  if (url.protocol === "http:" || url.protocol === "https:") return new WebFolder(url, options);
  throw new TypeError(
    `Cannot open the model folder "${url}": expected a path or a file:, http: or https: URL`,
  );
}

class LocalFolder implements ModelFolder {
  readonly location: string;

  constructor(path: string) {
    this.location = path;
  }

  async has(path: string): Promise<boolean> {
    const full = join(this.location, path);
    try {
      return (await Deno.stat(full)).isFile;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw describeLocal(full, error);
    }
  }

  async text(path: string): Promise<string> {
    const full = join(this.location, path);
    try {
      return await Deno.readTextFile(full);
    } catch (error) {
      throw describeLocal(full, error);
    }
  }

  // deno-lint-ignore require-await -- failures are rejections, as for the other folders
  async source(path: string): Promise<ByteSource> {
    const full = join(this.location, path);
    try {
      return fileSource(full);
    } catch (error) {
      throw describeLocal(full, error);
    }
  }
}

function describeLocal(path: string, cause: unknown): ModelFolderError {
  const detail = cause instanceof Deno.errors.NotFound
    ? "there is no such file"
    : accessErrorText(cause, `--allow-read="${path}"`);
  return new ModelFolderError(path, detail, { cause });
}

class WebFolder implements ModelFolder {
  readonly location: string;
  readonly #fetch: typeof fetch;
  readonly #cacheName: string | null;
  /** Files that were read, so that `has` followed by `source` asks the network once. */
  readonly #responses = new Map<string, Promise<Uint8Array<ArrayBuffer> | undefined>>();

  constructor(url: URL, options: ModelFolderOptions) {
    const base = new URL(url);
    if (!base.pathname.endsWith("/")) base.pathname += "/";
    this.location = base.href;
    this.#fetch = options.fetch ?? fetch;
    this.#cacheName = options.cacheName === undefined ? "smalti" : options.cacheName;
  }

  async has(path: string): Promise<boolean> {
    return await this.#load(path) !== undefined;
  }

  async text(path: string): Promise<string> {
    return new TextDecoder().decode(await this.#bytes(path));
  }

  async source(path: string): Promise<ByteSource> {
    const bytes = await this.#bytes(path);
    // Held by the source from here on: a large file is not kept twice.
    this.#responses.delete(path);
    return memorySource(bytes, this.#address(path));
  }

  async #bytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = await this.#load(path);
    if (bytes !== undefined) return bytes;
    const address = this.#address(path);
    throw new ModelFolderError(address, "there is no such file (status 404)", { status: 404 });
  }

  #address(path: string): string {
    return new URL(path, this.location).href;
  }

  #load(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    let pending = this.#responses.get(path);
    if (!pending) {
      pending = this.#download(this.#address(path));
      // A failure is not remembered: the next call tries again.
      pending.catch(() => this.#responses.delete(path));
      this.#responses.set(path, pending);
    }
    return pending;
  }

  async #download(address: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const cache = this.#cacheName === null ? undefined : await openCache(this.#cacheName);
    const kept = await cache?.match(address);
    const validators = kept ? validatorsOf(kept) : {};
    // A server that tells no versions cannot be asked whether the file has changed.
    if (kept?.ok && Object.keys(validators).length === 0) return await kept.bytes();
    let response: Response;
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      response = await this.#fetch(address, { headers: validators });
      bytes = await response.bytes();
    } catch (cause) {
      if (kept) return kept.ok ? await kept.bytes() : undefined;
      throw describeFetch(address, cause);
    }
    const { status, statusText } = response;
    if (status === 304 && kept) return await kept.bytes();
    await kept?.body?.cancel();
    if (status === 404) {
      // That it was not there is kept too, for when the network is not.
      await keep(cache, address, new Response(null, { status }));
      return undefined;
    }
    if (!response.ok) {
      const detail = `the server answered ${status} ${statusText}`.trim();
      throw new ModelFolderError(address, detail, { status });
    }
    checkLength(address, response, bytes);
    await keep(cache, address, new Response(bytes, { headers: versionOf(response) }));
    return bytes;
  }
}

/** Puts an answer into the Web cache. */
async function keep(cache: Cache | undefined, address: string, answer: Response): Promise<void> {
  try {
    await cache?.put(address, answer);
  } catch {
    // Keeping it only saves time: a full disk must not end a run.
  }
}

/** Returns the headers that ask a server for a file only if it has changed. */
function validatorsOf(kept: Response): Record<string, string> {
  const etag = kept.headers.get("etag");
  const modified = kept.headers.get("last-modified");
  return {
    ...(etag === null ? {} : { "if-none-match": etag }),
    ...(modified === null ? {} : { "if-modified-since": modified }),
  };
}

function versionOf(response: Response): [string, string][] {
  return [...response.headers].filter(([name]) => name === "etag" || name === "last-modified");
}

/** Opens the Web cache, or does without where the system forbids it: it only saves time. */
async function openCache(name: string): Promise<Cache | undefined> {
  try {
    return await caches.open(name);
  } catch {
    return undefined;
  }
}

function checkLength(address: string, response: Response, bytes: Uint8Array): void {
  const length = response.headers.get("content-length");
  // The length is that of the coded body, which fetch has decoded.
  if (length === null || response.headers.has("content-encoding")) return;
  if (Number(length) !== bytes.byteLength) {
    throw new ModelFolderError(
      address,
      `expected ${length} bytes, got ${bytes.byteLength} (the transfer was cut off, run again)`,
    );
  }
}

function describeFetch(address: string, cause: unknown): ModelFolderError {
  const detail = accessErrorText(cause, `--allow-net=${new URL(address).host}`);
  return new ModelFolderError(address, detail, { cause });
}
