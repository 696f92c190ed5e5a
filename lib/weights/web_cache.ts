import { defined } from "../text/defined.ts";

/** A file that the Web cache keeps. */
export interface KeptFile {
  /** Content; undefined if the server is known to lack the file. */
  readonly bytes: Uint8Array<ArrayBuffer> | undefined;
  /** Headers that ask the server for the file only if it has changed. */
  readonly validators: Record<string, string>;
}

/** Size of a complete file, in bytes. Files without it were kept by versions that did not check. */
const SIZE_HEADER = "x-smalti-bytes";

/**
 * Downloads in a Web cache. It saves time only: without it, or on a full disk, everything works.
 */
export class WebCache {
  readonly #name: string | null;

  /** Uses the Web cache of a name; `null` keeps nothing. */
  constructor(name: string | null) {
    this.#name = name;
  }

  /** Returns what is kept of an address; undefined if nothing is, or the file is not complete. */
  async find(address: string): Promise<KeptFile | undefined> {
    const cache = await this.#open();
    const kept = await cache?.match(address);
    if (!kept) return undefined;
    const size = kept.headers.get(SIZE_HEADER);
    if (!kept.ok || size === null) {
      await kept.body?.cancel();
      return kept.status === 404 ? { bytes: undefined, validators: {} } : undefined;
    }
    const bytes = await kept.bytes();
    if (bytes.byteLength !== Number(size)) return undefined;
    const [etag, modified] = [kept.headers.get("etag"), kept.headers.get("last-modified")];
    const validators = defined({
      "if-none-match": etag ?? undefined,
      "if-modified-since": modified ?? undefined,
    });
    return { bytes, validators };
  }

  /** Keeps a complete file with the version that the server sent. */
  async keep(address: string, response: Response, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const headers = new Headers({ [SIZE_HEADER]: String(bytes.byteLength) });
    for (const name of ["etag", "last-modified"]) {
      const value = response.headers.get(name);
      if (value !== null) headers.set(name, value);
    }
    await this.#put(address, new Response(bytes, { headers }));
  }

  /** Keeps that the server lacks a file, for use without a network. */
  async keepAbsence(address: string): Promise<void> {
    await this.#put(address, new Response(null, { status: 404 }));
  }

  async #put(address: string, response: Response): Promise<void> {
    try {
      await (await this.#open())?.put(address, response);
    } catch {
      // Keeping the file only saves time: a full disk must not end a run.
    }
  }

  async #open(): Promise<Cache | undefined> {
    if (this.#name === null) return undefined;
    try {
      return await caches.open(this.#name);
    } catch {
      // Some systems forbid it.
      return undefined;
    }
  }
}
