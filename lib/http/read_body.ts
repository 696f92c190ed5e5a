import type { IdleTimeout } from "./idle_timeout.ts";

/** Bounds of {@linkcode readBody}. */
export interface BodyBounds {
  /** Maximum size, in bytes. */
  readonly maxBytes: number;
  /** Maximum size of a body whose length is not announced, in bytes. Default: `maxBytes`. */
  readonly maxUnannounced?: number;
  /** Counts the bytes. Its signal must be that of the request, or a part of it. */
  readonly idle: IdleTimeout;
}

/**
 * Reads the body of an HTTP response into memory, up to a maximum size.
 *
 * @throws {RangeError} If it is larger, or longer or shorter than its `Content-Length`.
 */
export async function readBody(
  response: Response,
  { maxBytes, maxUnannounced = maxBytes, idle }: BodyBounds,
): Promise<Uint8Array<ArrayBuffer>> {
  const announced = announcedLength(response);
  const limit = announced === undefined ? maxUnannounced : maxBytes;
  if (announced !== undefined && announced > limit) {
    await response.body?.cancel();
    throw new RangeError(`expected at most ${limit} bytes, got ${announced}`);
  }
  const chunks: Uint8Array[] = [];
  let byteLength = 0;
  // Leaving the loop cancels the body.
  for await (const chunk of response.body ?? []) {
    idle.add(chunk.byteLength);
    byteLength += chunk.byteLength;
    if (byteLength > (announced ?? limit)) {
      throw new RangeError(`expected at most ${announced ?? limit} bytes, got more`);
    }
    chunks.push(chunk);
  }
  if (announced !== undefined && byteLength < announced) {
    throw new RangeError(
      `expected ${announced} bytes, got ${byteLength} (the transfer was cut off, run again)`,
    );
  }
  return join(chunks, byteLength);
}

/**
 * Returns the announced size of a body as it is read, in bytes.
 *
 * `Content-Length` is the size of the encoded body, which fetch decodes: it tells nothing then.
 */
export function announcedLength({ headers }: Response): number | undefined {
  const text = headers.get("content-length");
  if (text === null || !/^\d+$/.test(text) || headers.has("content-encoding")) return undefined;
  return Number(text);
}

/** Joins chunks and frees each one that is copied. */
function join(chunks: Uint8Array[], byteLength: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(byteLength);
  let offset = 0;
  for (const [i, chunk] of chunks.entries()) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
    chunks[i] = new Uint8Array(0);
  }
  return bytes;
}

/**
 * Reads the first bytes of the body of an HTTP response, and cancels the rest.
 *
 * @param length Number of bytes.
 * @throws {RangeError} If the body is shorter, with the bare reason as its message.
 */
export async function readStart(
  response: Response,
  length: number,
  idle: IdleTimeout,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  let filled = 0;
  // Leaving the loop cancels the body.
  for await (const chunk of response.body ?? []) {
    idle.add(chunk.byteLength);
    const part = chunk.subarray(0, length - filled);
    bytes.set(part, filled);
    filled += part.byteLength;
    if (filled === length) return bytes;
  }
  if (filled === length) return bytes;
  throw new RangeError(`expected ${length} bytes, got ${filled}`);
}
