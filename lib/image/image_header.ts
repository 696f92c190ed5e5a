import type { ImageSize } from "./image.ts";
import { PNG_SIGNATURE } from "./png_chunks.ts";

/** A kind of picture file that can be read. */
export type ImageFormat = "png" | "jpeg" | "gif" | "webp" | "bmp" | "tiff";

/** What the first bytes of a picture file say. */
export interface ImageHeader {
  /** Kind of the file, by its first bytes. */
  readonly format: ImageFormat;
  /** Size in pixels; undefined if the file ends before it. */
  readonly size: ImageSize | undefined;
}

/**
 * Recognizes a picture file by its first bytes and reads its size, decoding nothing.
 *
 * @returns undefined if it is none of the known formats.
 */
export function readImageHeader(bytes: Uint8Array): ImageHeader | undefined {
  const format = sniffFormat(bytes);
  if (format === undefined) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return { format, size: SIZE_READERS[format](view) };
  } catch (error) {
    if (error instanceof RangeError) return { format, size: undefined };
    throw error;
  }
}

/** Names a file that is no picture by its first bytes, for an error text; undefined if unknown. */
export function nameForeignFormat(bytes: Uint8Array): string | undefined {
  if (hasText(bytes, 4, "ftyp")) {
    return hasText(bytes, 8, "avif") ? "AVIF" : hasText(bytes, 8, "hei") ? "HEIC" : "MP4";
  }
  const found = FOREIGN.find(([start]) => hasText(bytes, 0, start));
  if (found !== undefined) return found[1];
  const isText = bytes.subarray(0, 256).every((b) => b >= 32 || b === 9 || b === 10 || b === 13);
  if (!isText) return undefined;
  return new TextDecoder().decode(bytes.subarray(0, 256)).includes("<svg") ? "SVG" : "text";
}

const FOREIGN = [
  ["8BPS", "Photoshop"],
  ["%PDF", "PDF"],
  ["PK\x03\x04", "ZIP"],
  ["<svg", "SVG"],
  ["qoif", "QOI"],
  ["\xff\x0a", "JPEG XL"],
  ["<!DOCTYPE", "HTML"],
  ["<html", "HTML"],
] as const;

function hasText(bytes: Uint8Array, offset: number, text: string): boolean {
  return [...text].every((letter, i) => bytes[offset + i] === letter.charCodeAt(0));
}

function sniffFormat(bytes: Uint8Array): ImageFormat | undefined {
  // The first four bytes suffice, so a file cut within the signature is still called truncated.
  if (PNG_SIGNATURE.subarray(0, 4).every((byte, i) => bytes[i] === byte)) return "png";
  if (hasText(bytes, 0, "\xff\xd8\xff")) return "jpeg";
  if (hasText(bytes, 0, "GIF8")) return "gif";
  if (hasText(bytes, 0, "RIFF") && hasText(bytes, 8, "WEBP")) return "webp";
  if (hasText(bytes, 0, "BM")) return "bmp";
  if (hasText(bytes, 0, "II*\0") || hasText(bytes, 0, "MM\0*")) return "tiff";
  return undefined;
}

/** Each reads the size; a read past the end throws RangeError, which means "ends early". */
const SIZE_READERS: Readonly<Record<ImageFormat, (view: DataView) => ImageSize | undefined>> = {
  png: (view) => ({ width: view.getUint32(16), height: view.getUint32(20) }),
  gif: (view) => ({ width: view.getUint16(6, true), height: view.getUint16(8, true) }),
  bmp: (view) => {
    if (view.getUint32(14, true) === 12) {
      return { width: view.getUint16(18, true), height: view.getUint16(20, true) };
    }
    // A negative height means that the rows are stored from the top.
    return { width: view.getInt32(18, true), height: Math.abs(view.getInt32(22, true)) };
  },
  webp: readWebpSize,
  jpeg: readJpegSize,
  tiff: readTiffSize,
};

/** Source: RFC 9649, sections 2.5 to 2.7. */
function readWebpSize(view: DataView): ImageSize | undefined {
  const kind = view.getUint8(15);
  if (kind === 0x58) { // "VP8X": 24 bits each, minus one
    const read24 = (at: number) => view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
    return { width: read24(24) + 1, height: read24(27) + 1 };
  }
  if (kind === 0x4c) { // "VP8L": 14 bits each, minus one
    const bits = view.getUint32(21, true);
    return { width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1 };
  }
  return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
}

/** Walks the segments to the frame header. Source: ITU-T T.81, B.2.2. */
function readJpegSize(view: DataView): ImageSize | undefined {
  let offset = 2;
  while (true) {
    if (view.getUint8(offset) !== 0xff) return undefined;
    const marker = view.getUint8(offset + 1);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { height: view.getUint16(offset + 5), width: view.getUint16(offset + 7) };
    offset += marker === 0xff ? 1 : 2 + view.getUint16(offset + 2);
  }
}

/** Reads tags 256 (width) and 257 (height) of the first directory. Source: TIFF 6.0. */
function readTiffSize(view: DataView): ImageSize | undefined {
  const little = view.getUint8(0) === 0x49;
  const directory = view.getUint32(4, little);
  let width = 0;
  let height = 0;
  for (let i = 0; i < view.getUint16(directory, little); i++) {
    const entry = directory + 2 + i * 12;
    const tag = view.getUint16(entry, little);
    const isShort = view.getUint16(entry + 2, little) === 3;
    const value = isShort ? view.getUint16(entry + 8, little) : view.getUint32(entry + 8, little);
    if (tag === 256) width = value;
    if (tag === 257) height = value;
  }
  return width > 0 && height > 0 ? { width, height } : undefined;
}
