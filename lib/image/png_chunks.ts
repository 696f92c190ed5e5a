import { crc32 } from "node:zlib";
import { excerpt } from "../text/visible_text.ts";

/** The first eight bytes of every PNG file. */
export const PNG_SIGNATURE: Uint8Array = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10);

/** A chunk of a PNG file. */
export interface PngChunk {
  /** Four ASCII letters, such as "IHDR". */
  readonly type: string;
  /** Content without length and checksum. */
  readonly data: Uint8Array;
}

/** Writes one chunk with its length and checksum. */
export function encodePngChunk({ type, data }: PngChunk): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  for (let i = 0; i < 4; i++) bytes[4 + i] = type.charCodeAt(i);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

/** Writes chunks as a PNG file, with lengths, checksums and the end chunk. */
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
 * As in browsers, an ancillary chunk with a wrong checksum is skipped, and the end chunk may be
 * missing.
 *
 * @param onProblem Called with what was skipped or missing.
 * @throws {RangeError} If the file ends within a chunk.
 * @throws {SyntaxError} If the checksum of a critical chunk does not match.
 */
export function* readPngChunks(
  bytes: Uint8Array,
  onProblem?: (problem: string) => void,
): Generator<PngChunk> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = PNG_SIGNATURE.length;
  let hasPixels = false;
  while (true) {
    if (hasPixels && offset + 12 > bytes.length) {
      onProblem?.("its end chunk is missing");
      return;
    }
    if (offset + 12 > bytes.length) throw new RangeError("it ends early");
    const length = view.getUint32(offset);
    const end = offset + 8 + length;
    if (end + 4 > bytes.length) throw new RangeError("it ends early");
    const type = String.fromCharCode(...bytes.subarray(offset + 4, offset + 8));
    const isIntact = crc32(bytes.subarray(offset + 4, end)) === view.getUint32(end);
    // A lower-case first letter marks an ancillary chunk.
    if (!isIntact && /^[^a-z]/.test(type)) {
      throw new SyntaxError(`the checksum of its chunk "${excerpt(type)}" does not match`);
    }
    if (isIntact) yield { type, data: bytes.subarray(offset + 8, end) };
    else onProblem?.(`the chunk "${excerpt(type)}" has a wrong checksum and is ignored`);
    if (type === "IEND") return;
    hasPixels ||= type === "IDAT";
    offset = end + 4;
  }
}
