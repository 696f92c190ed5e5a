import { inflateSync } from "node:zlib";
import { Image, type ImageSize } from "./image.ts";
import { readPngChunks } from "./png_chunks.ts";

/** What the header of a PNG file says of its pixels. */
interface PngFormat extends ImageSize {
  /** Bits a channel: 1, 2, 4, 8 or 16. */
  readonly depth: number;
  readonly colorType: number;
  /** Values a pixel: 1 to 4. */
  readonly channels: number;
  readonly isInterlaced: boolean;
}

// Channels and allowed depths of each color type. Source: PNG specification, third edition, table 11.1.
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const DEPTHS: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

// Adam7 passes: first column, first row, column step, row step. Source: PNG specification, 8.1.
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/**
 * Reads a PNG file of any color type, depth and interlacing, exactly.
 *
 * 16-bit channels are rounded to 8 bits; color profiles and gamma are left out.
 *
 * @throws {RangeError} If the file ends early, with the bare reason as its message.
 * @throws {SyntaxError} If the file is damaged, likewise.
 */
export function decodePng(bytes: Uint8Array): Image {
  let format: PngFormat | undefined;
  let palette: Uint8Array | undefined;
  let transparency: Uint8Array | undefined;
  const compressed: Uint8Array[] = [];
  for (const { type, data } of readPngChunks(bytes)) {
    if (type === "IHDR") format = readFormat(data);
    else if (type === "PLTE") palette = data;
    else if (type === "tRNS") transparency = data;
    else if (type === "IDAT") compressed.push(data);
  }
  if (format === undefined) throw new SyntaxError("it has no IHDR chunk");
  if (format.colorType === 3 && palette === undefined) throw new SyntaxError("it has no palette");
  const image = new Image(format);
  const read = pixelReader(format, palette, transparency);
  const rows = new RowReader(inflate(compressed, format));
  for (const [x0, y0, dx, dy] of format.isInterlaced ? ADAM7 : [[0, 0, 1, 1] as const]) {
    const width = Math.ceil((format.width - x0) / dx);
    if (width < 1) continue;
    rows.restart(Math.ceil((width * format.channels * format.depth) / 8), pixelBytes(format));
    for (let y = y0; y < format.height; y += dy) {
      const row = rows.next();
      for (let i = 0; i < width; i++) {
        read(row, i, image.data, (y * format.width + x0 + i * dx) * 4);
      }
    }
  }
  return image;
}

function readFormat(data: Uint8Array): PngFormat {
  if (data.length !== 13) throw new SyntaxError("its IHDR chunk has a wrong length");
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const depth = data[8]!;
  const colorType = data[9]!;
  const channels = CHANNELS[colorType];
  if (channels === undefined || !DEPTHS[colorType]!.includes(depth)) {
    throw new SyntaxError(`color type ${colorType} with ${depth} bits does not exist`);
  }
  if (data[12]! > 1) throw new SyntaxError(`interlace method ${data[12]} does not exist`);
  const size = { width: view.getUint32(0), height: view.getUint32(4) };
  return { ...size, depth, colorType, channels, isInterlaced: data[12] === 1 };
}

function pixelBytes(format: PngFormat): number {
  return Math.max(1, (format.channels * format.depth) >> 3);
}

function inflate(parts: readonly Uint8Array[], format: PngFormat): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  // A bound on what may come out: seven passes add at most seven filter bytes and paddings a row.
  const limit = (format.height + 8) * (format.width * 8 + 64);
  try {
    return inflateSync(joined, { maxOutputLength: limit });
  } catch (cause) {
    throw new SyntaxError("its compressed pixels are damaged", { cause });
  }
}

/** Undoes the row filters. Source: PNG specification, 9.2. */
class RowReader {
  readonly #bytes: Uint8Array;
  #offset = 0;
  #byteLength = 0;
  #step = 1;
  #previous = new Uint8Array();

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Begins a pass of rows of `byteLength` bytes; `step` is the distance to the pixel at the left. */
  restart(byteLength: number, step: number): void {
    this.#byteLength = byteLength;
    this.#step = step;
    this.#previous = new Uint8Array(byteLength);
  }

  next(): Uint8Array {
    const start = this.#offset + 1;
    const end = start + this.#byteLength;
    if (end > this.#bytes.length) throw new RangeError("its compressed pixels end early");
    const filter = this.#bytes[start - 1]!;
    if (filter > 4) throw new SyntaxError(`row filter ${filter} does not exist`);
    const row = this.#bytes.slice(start, end);
    const above = this.#previous;
    for (let i = 0; filter !== 0 && i < row.length; i++) {
      const left = i < this.#step ? 0 : row[i - this.#step]!;
      const corner = i < this.#step ? 0 : above[i - this.#step]!;
      row[i]! += predict(filter, left, above[i]!, corner);
    }
    this.#offset = end;
    this.#previous = row;
    return row;
  }
}

function predict(filter: number, left: number, above: number, corner: number): number {
  if (filter === 1) return left;
  if (filter === 2) return above;
  if (filter === 3) return (left + above) >> 1;
  const toLeft = Math.abs(above - corner);
  const toAbove = Math.abs(left - corner);
  const toCorner = Math.abs(left + above - 2 * corner);
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}

type PixelReader = (row: Uint8Array, x: number, out: Uint8Array, offset: number) => void;

/** Makes the function that copies pixel `x` of a row to RGBA, for one kind of PNG. */
function pixelReader(
  format: PngFormat,
  palette: Uint8Array | undefined,
  transparency: Uint8Array | undefined,
): PixelReader {
  const { depth, channels, colorType } = format;
  const top = 2 ** depth - 1;
  const value = (row: Uint8Array, i: number): number => {
    if (depth === 8) return row[i]!;
    if (depth === 16) return (row[i * 2]! << 8) | row[i * 2 + 1]!;
    const bit = i * depth;
    return (row[bit >> 3]! >> (8 - depth - (bit & 7))) & top;
  };
  const toByte = (v: number): number => depth === 8 ? v : Math.round((v * 255) / top);
  if (colorType === 3) {
    return (row, x, out, offset) => {
      const index = value(row, x);
      if (index * 3 + 3 > palette!.length) {
        throw new SyntaxError(`a pixel has index ${index} in ${palette!.length / 3} colors`);
      }
      out.set(palette!.subarray(index * 3, index * 3 + 3), offset);
      out[offset + 3] = transparency?.[index] ?? 255;
    };
  }
  const hasAlpha = channels === 2 || channels === 4;
  const colors = hasAlpha ? channels - 1 : channels;
  // Without an alpha channel, tRNS names the one color that is transparent, 16 bits a channel.
  const clear = transparency === undefined || hasAlpha ? undefined : Array.from(
    { length: colors },
    (_, c) => (transparency[c * 2]! << 8) | transparency[c * 2 + 1]!,
  );
  return (row, x, out, offset) => {
    let isClear = clear !== undefined;
    for (let c = 0; c < 3; c++) {
      const v = value(row, x * channels + (colors === 1 ? 0 : c));
      out[offset + c] = toByte(v);
      isClear &&= v === clear![colors === 1 ? 0 : c];
    }
    out[offset + 3] = hasAlpha ? toByte(value(row, x * channels + colors)) : isClear ? 0 : 255;
  };
}
