import { IdleTimeout } from "../http/idle_timeout.ts";
import { announcedLength, readStart } from "../http/read_body.ts";
import { accessErrorText } from "../text/access_error.ts";
import type { ByteSource } from "./byte_source.ts";
import { HeaderSource } from "./header_source.ts";
import { ModelFolderError } from "./model_folder.ts";

/** First bytes that are requested: the header of most networks. */
const FIRST_BYTES = 2 ** 19;
/** Maximum size of a header, in bytes, as in safetensors. */
const MAX_HEADER_BYTES = 100_000_000;

/** Options of {@linkcode fetchHeader}. */
export interface FetchHeaderOptions {
  /** Replaces the global `fetch`. */
  readonly fetch?: typeof fetch;
  /** Aborts the requests. */
  readonly signal?: AbortSignal;
  /** Time in which 32 kB must arrive, in milliseconds. */
  readonly idleTimeout: number;
}

/**
 * Reads the header of a safetensors file on a server, by ranges. All bytes behind it read as zero.
 *
 * A server without ranges is left when enough bytes have arrived.
 *
 * @returns undefined if there is no such file (status 404).
 * @throws {ModelFolderError} If it cannot be read, or the server does not tell its size.
 */
export async function fetchHeader(
  address: string,
  options: FetchHeaderOptions,
): Promise<ByteSource | undefined> {
  const first = await fetchStart(address, FIRST_BYTES, options);
  if (first === undefined) return undefined;
  const { bytes, total } = first;
  const length = bytes.byteLength < 8
    ? 0
    : Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  const end = 8 + length;
  const isWhole = end <= bytes.byteLength || length > MAX_HEADER_BYTES || end > total;
  const whole = isWhole ? first : await fetchStart(address, end, options);
  return new HeaderSource(address, total, (whole ?? first).bytes);
}

interface Start {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Size of the file, in bytes. */
  readonly total: number;
}

/** Requests the first bytes of a file. */
async function fetchStart(
  address: string,
  length: number,
  { fetch: request = fetch, signal, idleTimeout }: FetchHeaderOptions,
): Promise<Start | undefined> {
  signal?.throwIfAborted();
  using idle = new IdleTimeout({ limit: idleTimeout });
  try {
    const response = await request(address, {
      headers: { range: `bytes=0-${length - 1}` },
      signal: AbortSignal.any([idle.signal, ...(signal ? [signal] : [])]),
    });
    const { status, statusText } = response;
    const total = sizeOf(response);
    if (!response.ok || total === undefined) {
      await response.body?.cancel();
      if (status === 404) return undefined;
      const detail = response.ok
        ? "the server does not tell the size of the file; download it"
        : `the server answered ${status} ${statusText}`.trim();
      throw new ModelFolderError(address, detail, { status });
    }
    return { bytes: await readStart(response, Math.min(length, total), idle), total };
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof ModelFolderError) throw cause;
    const reason: unknown = idle.signal.aborted ? idle.signal.reason : cause;
    const detail = accessErrorText(reason, `--allow-net=${new URL(address).host}`);
    throw new ModelFolderError(address, detail, { cause });
  }
}

/** Returns the size of the whole file; undefined if the server does not tell it. */
function sizeOf(response: Response): number | undefined {
  if (response.status !== 206) return announcedLength(response);
  const [, total] = /\/(\d+)$/.exec(response.headers.get("content-range") ?? "") ?? [];
  return total === undefined ? undefined : Number(total);
}
