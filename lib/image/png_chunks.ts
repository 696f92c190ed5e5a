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

/** Joins chunks into a PNG file; lengths, checksums and the end chunk are added. */
export function joinPngChunks(chunks: readonly PngChunk[]): Uint8Array<ArrayBuffer> {
  const all = [...chunks, { type: "IEND", data: new Uint8Array() }];
  const byteLength = all.reduce((sum, chunk) => sum + 12 + chunk.data.length, PNG_SIGNATURE.length);
  const bytes = new Uint8Array(byteLength);
  const view = new DataView(bytes.buffer);
  bytes.set(PNG_SIGNATURE);
  let offset = PNG_SIGNATURE.length;
  for (const { type, data } of all) {
    view.setUint32(offset, data.length);
    for (let i = 0; i < 4; i++) bytes[offset + 4 + i] = type.charCodeAt(i);
    bytes.set(data, offset + 8);
    const end = offset + 8 + data.length;
    view.setUint32(end, crc32(bytes.subarray(offset + 4, end)));
    offset = end + 4;
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
