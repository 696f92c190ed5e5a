import { deflateSync } from "node:zlib";
import type { Image, ImageSize } from "./image.ts";
import { joinPngChunks, type PngChunk } from "./png_chunks.ts";

const COLOR_TYPE = { rgb: 2, indexed: 3, rgba: 6 } as const;

/** The maximum number of colors of an indexed PNG. */
export const MAX_INDEXED_COLORS = 256;

/** Options of {@linkcode encodePng}. */
export interface PngOptions {
  /** Whether alpha is written. Default: only if something is transparent. */
  readonly hasAlpha?: boolean;
  /** Compression, 0 (fast) to 9 (small). Default: 9. */
  readonly level?: number;
}

/** Writes an image as a true-color PNG of 8 bits per channel: RGB if it is opaque, else RGBA. */
export function encodePng(image: Image, options: PngOptions = {}): Uint8Array<ArrayBuffer> {
  return joinPngChunks(pngChunks(image, options));
}

/** Makes the chunks of {@linkcode encodePng} without the end chunk: "IHDR" and "IDAT". */
export function pngChunks(image: Image, options: PngOptions = {}): PngChunk[] {
  const { hasAlpha = image.isTransparent(), level = 9 } = options;
  const channels = hasAlpha ? 4 : 3;
  const stride = 1 + image.width * channels;
  const rows = new Uint8Array(image.height * stride);
  for (let y = 0; y < image.height; y++) {
    for (let x = 0; x < image.width; x++) {
      const from = (y * image.width + x) * 4;
      const to = y * stride + 1 + x * channels;
      for (let c = 0; c < channels; c++) rows[to + c] = image.data[from + c]!;
    }
  }
  return [
    { type: "IHDR", data: header(image, 8, channels === 4 ? COLOR_TYPE.rgba : COLOR_TYPE.rgb) },
    { type: "IDAT", data: deflateSync(rows, { level }) },
  ];
}

/**
 * Writes palette indices as an indexed PNG.
 *
 * The palette is written as it is, with its order, duplicates and unused colors. The depth is the
 * smallest of 1, 2, 4 and 8 bits that holds every index.
 *
 * @param indices Palette index of each pixel, shape [H, W].
 * @param colors Palette, 8-bit sRGB, shape [K, 3], K in [1, 256].
 * @throws {RangeError} If the palette has more than 256 colors or an index is not below K.
 */
export function encodeIndexedPng(
  size: ImageSize,
  indices: ArrayLike<number>,
  colors: Uint8Array,
  options: IndexedPngOptions = {},
): Uint8Array<ArrayBuffer> {
  return joinPngChunks(indexedPngChunks(size, indices, colors, options));
}

/** Options of {@linkcode encodeIndexedPng}. */
export interface IndexedPngOptions {
  /** Whether index K, one past the colors, is transparent. K is at most 255. Default: false. */
  readonly hasTransparentIndex?: boolean;
  /** Minimum number of bits per index: 1, 2, 4 or 8. Default: 1. */
  readonly minDepth?: number;
}

/**
 * Makes the chunks of {@linkcode encodeIndexedPng} without the end chunk: "IHDR", "PLTE", with a
 * transparent index "tRNS", and "IDAT".
 *
 * @param indices Palette index of each pixel, shape [H, W].
 * @param colors Palette, 8-bit sRGB, shape [K, 3], K in [1, 256].
 * @throws {RangeError} If the palette has more than 256 colors or an index is not below K.
 */
export function indexedPngChunks(
  size: ImageSize,
  indices: ArrayLike<number>,
  colors: Uint8Array,
  { hasTransparentIndex = false, minDepth = 1 }: IndexedPngOptions = {},
): PngChunk[] {
  const entries = hasTransparentIndex ? Uint8Array.of(...colors, 0, 0, 0) : colors;
  const count = entries.length / 3;
  if (!Number.isInteger(count) || count < 1 || count > MAX_INDEXED_COLORS) {
    throw new RangeError(
      `Cannot encode indexed PNG: expected 1 to ${MAX_INDEXED_COLORS} colors, got ${count}`,
    );
  }
  if (indices.length !== size.height * size.width) {
    throw new RangeError(
      `Cannot encode indexed PNG of ${size.height}x${size.width}: ` +
        `expected ${size.height * size.width} indices, got ${indices.length}`,
    );
  }
  const depth = [1, 2, 4, 8].find((bits) => bits >= minDepth && count <= 1 << bits)!;
  return [
    { type: "IHDR", data: header(size, depth, COLOR_TYPE.indexed) },
    { type: "PLTE", data: entries },
    ...hasTransparentIndex ? [{ type: "tRNS", data: alphaOf(count) }] : [],
    { type: "IDAT", data: deflateSync(packIndices(size, indices, depth, count), { level: 9 }) },
  ];
}

/** The alpha of each entry: the last one is transparent. */
function alphaOf(count: number): Uint8Array {
  return new Uint8Array(count).fill(255, 0, count - 1);
}

function packIndices(
  size: ImageSize,
  indices: ArrayLike<number>,
  depth: number,
  count: number,
): Uint8Array {
  const stride = 1 + Math.ceil((size.width * depth) / 8);
  const rows = new Uint8Array(size.height * stride);
  for (let y = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++) {
      const index = indices[y * size.width + x]!;
      if (!(index >= 0 && index < count)) {
        throw new RangeError(
          `Cannot encode indexed PNG: expected indices below ${count}, ` +
            `got ${index} at row ${y}, column ${x}`,
        );
      }
      const bit = x * depth;
      rows[y * stride + 1 + (bit >> 3)]! |= index << (8 - depth - (bit & 7));
    }
  }
  return rows;
}

function header(size: ImageSize, depth: number, colorType: number): Uint8Array {
  const data = new Uint8Array(13);
  const view = new DataView(data.buffer);
  view.setUint32(0, size.width);
  view.setUint32(4, size.height);
  data[8] = depth;
  data[9] = colorType;
  return data;
}
