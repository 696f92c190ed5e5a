import { inflateSync } from "node:zlib";
import { decodeFax, type FaxKind } from "./decode_fax.ts";

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

const FAX_KINDS: Readonly<Record<number, FaxKind>> = {
  [COMPRESSION.faxRows]: "rows",
  [COMPRESSION.fax3]: "group3",
  [COMPRESSION.fax4]: "group4",
};

/** Returns whether a compression is one of black and white pixels. */
export function isFaxCompression(scheme: number): boolean {
  return FAX_KINDS[scheme] !== undefined;
}

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
export function decompressTiff(
  data: Uint8Array,
  byteLength: number,
  compression: TiffCompression,
): Uint8Array {
  const { scheme, width, fillOrder, t4Options } = compression;
  const { none, lzw, deflate, packBits, oldDeflate } = COMPRESSION;
  const bytes = fillOrder === 2 ? data.map(reverseBits) : data;
  if (scheme === none) {
    if (bytes.length < byteLength) throw new RangeError("its pixels end early");
    return bytes.slice(0, byteLength);
  }
  if (scheme === lzw) return decodeLzw(bytes, byteLength);
  if (scheme === packBits) return decodePackBits(bytes, byteLength);
  if (scheme === deflate || scheme === oldDeflate) return inflate(bytes, byteLength);
  const kind = FAX_KINDS[scheme];
  if (kind !== undefined) {
    return decodeFax(bytes, byteLength, { kind, width, isTwoDimensional: (t4Options & 1) === 1 });
  }
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
