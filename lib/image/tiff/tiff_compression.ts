import { inflateSync } from "node:zlib";

// Source: TIFF 6.0, tag 259, and Adobe's technical notes.
const COMPRESSION = {
  none: 1,
  faxRows: 2,
  fax3: 3,
  fax4: 4,
  lzw: 5,
  oldJpeg: 6,
  jpeg: 7,
  deflate: 8,
  packBits: 32773,
  oldDeflate: 32946,
} as const;

/** The compression that holds JPEG files, which the caller decodes. */
export const JPEG_COMPRESSION: number = COMPRESSION.jpeg;

/** How a strip or tile is compressed. */
export interface TiffCompression {
  /** Value of the tag Compression. */
  readonly scheme: number;
  /** Width of the strip or tile in pixels. */
  readonly width: number;
  /** Value of the tag FillOrder. */
  readonly fillOrder: number;
  /** Value of the tag T4Options. */
  readonly t4Options: number;
}

/**
 * Decompresses a strip or tile.
 *
 * @param byteLength Bytes that it holds; no more are written, whatever the data says.
 * @throws {RangeError} If the data ends early.
 * @throws {SyntaxError} If the compression is unknown or the data is damaged.
 */
export async function decompressTiff(
  data: Uint8Array,
  byteLength: number,
  compression: TiffCompression,
): Promise<Uint8Array> {
  const { scheme, width, fillOrder } = compression;
  const { none, faxRows, fax3, fax4, lzw, deflate, packBits, oldDeflate } = COMPRESSION;
  if (scheme === faxRows || scheme === fax3 || scheme === fax4) {
    return await decodeFax(data, byteLength, compression);
  }
  const bytes = fillOrder === 2 ? data.map(reverseBits) : data;
  if (scheme === none) {
    if (bytes.length < byteLength) throw new RangeError("its pixels end early");
    return bytes.slice(0, byteLength);
  }
  if (scheme === lzw) return decodeLzw(bytes, byteLength);
  if (scheme === packBits) return decodePackBits(bytes, byteLength);
  if (scheme === deflate || scheme === oldDeflate) return inflate(bytes, byteLength);
  const name = scheme === COMPRESSION.oldJpeg ? "old-style JPEG" : `number ${scheme}`;
  throw new SyntaxError(`its compression is not supported: ${name}, ${width} pixels wide`);
}

function inflate(data: Uint8Array, byteLength: number): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = inflateSync(data, { maxOutputLength: byteLength });
  } catch (cause) {
    throw new SyntaxError("its compressed pixels are damaged or too many", { cause });
  }
  if (bytes.length < byteLength) throw new RangeError("its pixels end early");
  return bytes;
}

/** Source: TIFF 6.0, section 9. */
function decodePackBits(data: Uint8Array, byteLength: number): Uint8Array {
  const bytes = new Uint8Array(byteLength);
  let from = 0;
  let to = 0;
  while (to < byteLength) {
    if (from >= data.length) throw new RangeError("its pixels end early");
    const head = data[from++]!;
    if (head < 128) {
      const count = Math.min(head + 1, byteLength - to);
      if (from + count > data.length) throw new RangeError("its pixels end early");
      bytes.set(data.subarray(from, from + count), to);
      from += head + 1;
      to += count;
    } else if (head > 128) {
      const count = Math.min(257 - head, byteLength - to);
      bytes.fill(data[from++] ?? 0, to, to + count);
      to += count;
    }
  }
  return bytes;
}

const CLEAR = 256;
const END = 257;
const MAX_CODES = 4096;

/** Source: TIFF 6.0, section 13. */
function decodeLzw(data: Uint8Array, byteLength: number): Uint8Array {
  const bytes = new Uint8Array(byteLength);
  // Each code stands for a run of the output.
  const starts = new Uint32Array(MAX_CODES);
  const lengths = new Uint32Array(MAX_CODES);
  let next = END + 1;
  let bits = 9;
  let previous: { start: number; length: number } | undefined;
  let to = 0;
  for (let bit = 0; to < byteLength;) {
    if (bit + bits > data.length * 8) throw new RangeError("its pixels end early");
    const code = readBits(data, bit, bits);
    bit += bits;
    if (code === END) break;
    if (code === CLEAR) {
      next = END + 1;
      bits = 9;
      previous = undefined;
      continue;
    }
    const start = to;
    if (code < CLEAR) bytes[to++] = code;
    else {
      const isNew = code === next && previous !== undefined;
      if (code >= next && !isNew) throw new SyntaxError("its compressed pixels are damaged");
      const from = isNew ? previous!.start : starts[code]!;
      const length = isNew ? previous!.length + 1 : lengths[code]!;
      for (let i = 0; i < length && to < byteLength; i++) bytes[to++] = bytes[from + i]!;
    }
    if (previous !== undefined && next < MAX_CODES) {
      starts[next] = previous.start;
      lengths[next++] = previous.length + 1;
    }
    previous = { start, length: to - start };
    // One code early, as all TIFF writers do.
    if (next + 1 >= 1 << bits && bits < 12) bits++;
  }
  if (to < byteLength) throw new RangeError("its pixels end early");
  return bytes;
}

function readBits(data: Uint8Array, bit: number, count: number): number {
  const at = bit >> 3;
  const three = (data[at]! << 16) | ((data[at + 1] ?? 0) << 8) | (data[at + 2] ?? 0);
  return (three >> (24 - (bit & 7) - count)) & ((1 << count) - 1);
}

function reverseBits(byte: number): number {
  let reversed = 0;
  for (let i = 0; i < 8; i++) reversed |= ((byte >> i) & 1) << (7 - i);
  return reversed;
}

/** The decoders of fax data in utif2, which has no types for them. */
interface FaxDecoders {
  _decodeG2: FaxDecoder;
  _decodeG3(...args: [...Parameters<FaxDecoder>, isTwoDimensional: boolean]): void;
  _decodeG4: FaxDecoder;
}

type FaxDecoder = (
  data: Uint8Array,
  offset: number,
  length: number,
  target: Uint8Array,
  targetOffset: number,
  width: number,
  fillOrder: number,
) => void;

/** Decodes CCITT group 3 and 4: black is 1. */
async function decodeFax(
  data: Uint8Array,
  byteLength: number,
  { scheme, width, fillOrder, t4Options }: TiffCompression,
): Promise<Uint8Array> {
  const { default: library } = await import("npm:utif2@4.1.0");
  const decoders = library.decode as unknown as FaxDecoders;
  const target = new Uint8Array(byteLength);
  const args = [data, 0, data.length, target, 0, width, fillOrder] as const;
  try {
    if (scheme === COMPRESSION.faxRows) decoders._decodeG2(...args);
    else if (scheme === COMPRESSION.fax3) decoders._decodeG3(...args, (t4Options & 1) === 1);
    else decoders._decodeG4(...args);
  } catch (cause) {
    throw new SyntaxError("its compressed pixels are damaged", { cause });
  }
  return target;
}
