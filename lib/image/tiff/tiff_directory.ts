import { viewOf } from "../byte_view.ts";

/** Tags that are read. Source: TIFF 6.0, and Adobe's technical notes for 347. */
export const TAG = {
  width: 256,
  height: 257,
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  fillOrder: 266,
  stripOffsets: 273,
  orientation: 274,
  samplesPerPixel: 277,
  rowsPerStrip: 278,
  stripByteCounts: 279,
  planarConfiguration: 284,
  t4Options: 292,
  predictor: 317,
  colorMap: 320,
  tileWidth: 322,
  tileLength: 323,
  tileOffsets: 324,
  tileByteCounts: 325,
  extraSamples: 338,
  sampleFormat: 339,
  jpegTables: 347,
  iccProfile: 34675,
} as const;

/** The first directory of a TIFF file. */
export interface TiffDirectory {
  /** Whether numbers are little-endian. */
  readonly isLittleEndian: boolean;
  /** Number of pages in the file. */
  readonly pages: number;
  /** Returns the values of a tag; empty if it is missing. */
  values(tag: number): readonly number[];
  /** Returns the first value of a tag, or the default if it is missing. */
  value(tag: number, byDefault: number): number;
  /** Returns the bytes of a tag; undefined if it is missing. */
  bytes(tag: number): Uint8Array | undefined;
}

interface Entry {
  readonly type: number;
  readonly count: number;
  /** Offset of the values in bytes. */
  readonly offset: number;
}

// Bytes of a value by type: BYTE, ASCII, SHORT, LONG, …, UNDEFINED. Others are not needed.
const TYPE_BYTES: Readonly<Record<number, number>> = { 1: 1, 2: 1, 3: 2, 4: 4, 7: 1 };
const MAX_PAGES = 10_000;

/**
 * Reads the first directory of a TIFF file. Source: TIFF 6.0, section 2.
 *
 * @throws {RangeError} If the file ends early.
 */
export function readTiffDirectory(file: Uint8Array): TiffDirectory {
  const view = viewOf(file);
  const isLittleEndian = view.getUint8(0) === 0x49;
  const start = view.getUint32(4, isLittleEndian);
  const entries = new Map<number, Entry>();
  const count = view.getUint16(start, isLittleEndian);
  for (let i = 0; i < count; i++) {
    const at = start + 2 + i * 12;
    const type = view.getUint16(at + 2, isLittleEndian);
    const valueCount = view.getUint32(at + 4, isLittleEndian);
    const byteLength = (TYPE_BYTES[type] ?? 0) * valueCount;
    // Up to four bytes lie in the entry itself.
    const offset = byteLength <= 4 ? at + 8 : view.getUint32(at + 8, isLittleEndian);
    const tag = view.getUint16(at, isLittleEndian);
    if (byteLength > 0) entries.set(tag, { type, count: valueCount, offset });
  }
  const values = (tag: number): readonly number[] => {
    const entry = entries.get(tag);
    if (entry === undefined) return [];
    const bytes = TYPE_BYTES[entry.type]!;
    if (entry.offset + entry.count * bytes > file.length) throw new RangeError("it ends early");
    return Array.from({ length: entry.count }, (_, i) => {
      const at = entry.offset + i * bytes;
      if (bytes === 1) return view.getUint8(at);
      return bytes === 2 ? view.getUint16(at, isLittleEndian) : view.getUint32(at, isLittleEndian);
    });
  };
  return {
    isLittleEndian,
    pages: countPages(view, start, isLittleEndian),
    values,
    value: (tag, byDefault) => values(tag)[0] ?? byDefault,
    bytes: (tag) => entries.has(tag) ? Uint8Array.from(values(tag)) : undefined,
  };
}

/** Follows the chain of directories; a damaged chain ends it. */
function countPages(view: DataView, first: number, isLittleEndian: boolean): number {
  const seen = new Set<number>();
  for (let at = first; at !== 0 && !seen.has(at) && seen.size < MAX_PAGES;) {
    if (at + 2 > view.byteLength) break;
    const next = at + 2 + view.getUint16(at, isLittleEndian) * 12;
    seen.add(at);
    if (next + 4 > view.byteLength) break;
    at = view.getUint32(next, isLittleEndian);
  }
  return seen.size;
}
