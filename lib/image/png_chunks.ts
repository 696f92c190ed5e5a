import { crc32 } from "node:zlib";

/** The eight bytes that begin every PNG file. */
export const PNG_SIGNATURE: Uint8Array = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10);

/** A chunk of a PNG file. */
export interface PngChunk {
  /** Four ASCII letters, such as "IHDR". */
  readonly type: string;
  /** Content, without length and checksum. */
  readonly data: Uint8Array;
}

/** Writes one chunk; its length and checksum are added. */
export function encodePngChunk({ type, data }: PngChunk): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  for (let i = 0; i < 4; i++) bytes[4 + i] = type.charCodeAt(i);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

/** Joins chunks into a PNG file; lengths, checksums and the end chunk are added. */
export function joinPngChunks(chunks: readonly PngChunk[]): Uint8Array<ArrayBuffer> {
  const parts = [...chunks, { type: "IEND", data: new Uint8Array() }].map(encodePngChunk);
  const byteLength = parts.reduce((sum, part) => sum + part.length, PNG_SIGNATURE.length);
  const bytes = new Uint8Array(byteLength);
  bytes.set(PNG_SIGNATURE);
  let offset = PNG_SIGNATURE.length;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/**
 * Reads the chunks of a PNG file one by one, up to and including "IEND".
 *
 * @throws {RangeError} If the file ends early.
 * @throws {SyntaxError} If a checksum does not fit.
 */
export function* readPngChunks(bytes: Uint8Array): Generator<PngChunk> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = PNG_SIGNATURE.length;
  while (true) {
    if (offset + 12 > bytes.length) throw new RangeError("the file ends early");
    const length = view.getUint32(offset);
    const end = offset + 8 + length;
    if (end + 4 > bytes.length) throw new RangeError("the file ends early");
    const type = String.fromCharCode(...bytes.subarray(offset + 4, offset + 8));
    if (crc32(bytes.subarray(offset + 4, end)) !== view.getUint32(end)) {
      throw new SyntaxError(`the checksum of chunk "${type}" does not fit`);
    }
    yield { type, data: bytes.subarray(offset + 8, end) };
    if (type === "IEND") return;
    offset = end + 4;
  }
}
