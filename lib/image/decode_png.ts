import { inflateSync } from "node:zlib";
import { Image, type ImageSize } from "./image.ts";
import { readPngChunks } from "./png_chunks.ts";

/** The header of a PNG file. */
interface PngFormat extends ImageSize {
  /** Bits per channel: 1, 2, 4, 8 or 16. */
  readonly depth: number;
  readonly colorType: number;
  /** Channels: 1 to 4. */
  readonly channels: number;
  readonly isInterlaced: boolean;
}

// Channels and allowed depths of each color type. Source: PNG specification, table 11.1.
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

/** A decoded PNG file. */
export interface DecodedPng {
  /** The pixels as they are stored. */
  readonly image: Image;
  /** Its palette as it is stored, 8-bit sRGB, shape [K, 3]; undefined if it has none. */
  readonly palette: Uint8Array | undefined;
  /** Content of the ancillary chunks by type; of several of a type, the first. */
  readonly metadata: ReadonlyMap<string, Uint8Array>;
  /** What was repaired, one sentence each. */
  readonly notes: readonly string[];
}

/**
 * Reads a PNG file of any color type, depth and interlacing, exactly.
 *
 * 16-bit channels are rounded to 8 bits. Color profile, gamma and orientation are not applied.
 *
 * @throws {RangeError} If the file ends early, with the bare reason as its message.
 * @throws {SyntaxError} If the file is damaged, likewise.
 */
export function decodePng(bytes: Uint8Array): DecodedPng {
  const notes: string[] = [];
  const chunks = collectChunks(bytes, (problem) => notes.push(problem));
  const { format, palette, metadata, compressed } = chunks;
  const image = new Image(format);
  const read = pixelReader(format, palette, metadata.get("tRNS"), (problem) => notes.push(problem));
  const rows = new RowReader(inflate(compressed, format));
  for (const { x0, y0, dx, dy, width, rowBytes } of passesOf(format)) {
    rows.restart(rowBytes, Math.max(1, (format.channels * format.depth) >> 3));
    for (let y = y0; y < format.height; y += dy) {
      const start = rows.next();
      for (let i = 0; i < width; i++) {
        read(rows.bytes, start, i, image.data, (y * format.width + x0 + i * dx) * 4);
      }
    }
  }
  return { image, palette, metadata, notes };
}

interface PngContent {
  readonly format: PngFormat;
  readonly palette: Uint8Array | undefined;
  readonly metadata: Map<string, Uint8Array>;
  readonly compressed: Uint8Array[];
}

function collectChunks(bytes: Uint8Array, onProblem: (problem: string) => void): PngContent {
  let format: PngFormat | undefined;
  let palette: Uint8Array | undefined;
  const metadata = new Map<string, Uint8Array>();
  const compressed: Uint8Array[] = [];
  for (const { type, data } of readPngChunks(bytes, onProblem)) {
    if ((format === undefined) !== (type === "IHDR")) {
      // The size of the first header is the one that was checked.
      throw new SyntaxError(format ? "it has two IHDR chunks" : "it does not begin with IHDR");
    }
    if (type === "IHDR") format = readFormat(data);
    else if (type === "PLTE") palette ??= data;
    else if (type === "IDAT") compressed.push(data);
    else if (!metadata.has(type)) metadata.set(type, data);
  }
  if (format === undefined) throw new SyntaxError("it has no IHDR chunk");
  if (format.colorType === 3 && palette === undefined) throw new SyntaxError("it has no palette");
  return { format, palette, metadata, compressed };
}

/** A pass of an image: where its pixels lie, and how long its rows are. */
interface PngPass {
  readonly x0: number;
  readonly y0: number;
  readonly dx: number;
  readonly dy: number;
  /** Pixels in a row of the pass. */
  readonly width: number;
  /** Rows of the pass. */
  readonly height: number;
  /** Bytes of a row, without the byte of its filter. */
  readonly rowBytes: number;
}

function passesOf(format: PngFormat): PngPass[] {
  const grids = format.isInterlaced ? ADAM7 : [[0, 0, 1, 1] as const];
  return grids.map(([x0, y0, dx, dy]) => {
    const width = Math.ceil((format.width - x0) / dx);
    const height = Math.ceil((format.height - y0) / dy);
    const rowBytes = Math.ceil((width * format.channels * format.depth) / 8);
    return { x0, y0, dx, dy, width, height, rowBytes };
  }).filter(({ width, height }) => width > 0 && height > 0);
}

function readFormat(data: Uint8Array): PngFormat {
  if (data.length !== 13) throw new SyntaxError("its IHDR chunk has a wrong length");
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const depth = data[8]!;
  const colorType = data[9]!;
  const channels = CHANNELS[colorType];
  if (channels === undefined || !DEPTHS[colorType]!.includes(depth)) {
    throw new SyntaxError(`its color type ${colorType} with ${depth} bits does not exist`);
  }
  if (data[12]! > 1) throw new SyntaxError(`its interlace method ${data[12]} does not exist`);
  const size = { width: view.getUint32(0), height: view.getUint32(4) };
  return { ...size, depth, colorType, channels, isInterlaced: data[12] === 1 };
}

function inflate(parts: readonly Uint8Array[], format: PngFormat): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  // Exactly what the header asks for: a small file may unpack to any size.
  const limit = passesOf(format)
    .reduce((sum, { height, rowBytes }) => sum + height * (1 + rowBytes), 0);
  try {
    return inflateSync(joined, { maxOutputLength: limit });
  } catch (cause) {
    throw new SyntaxError("its compressed pixels are damaged", { cause });
  }
}

/** Undoes the row filters, in place. Source: PNG specification, 9.2. */
class RowReader {
  /** Filter byte and values of all rows. */
  readonly bytes: Uint8Array;
  #offset = 0;
  #byteLength = 0;
  #step = 1;
  /** Start of the row above; undefined for the first of a pass, above which all is 0. */
  #above: number | undefined;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Begins a pass of rows of `byteLength` bytes, with pixels of `step` bytes. */
  restart(byteLength: number, step: number): void {
    this.#byteLength = byteLength;
    this.#step = step;
    this.#above = undefined;
  }

  /** Returns the offset of the next row in `bytes`. */
  next(): number {
    const { bytes } = this;
    const start = this.#offset + 1;
    const end = start + this.#byteLength;
    if (end > bytes.length) throw new RangeError("its compressed pixels end early");
    const filter = bytes[start - 1]!;
    if (filter > 4) throw new SyntaxError(`its row filter ${filter} does not exist`);
    const above = this.#above;
    for (let i = 0; filter !== 0 && i < this.#byteLength; i++) {
      const hasLeft = i >= this.#step;
      const left = hasLeft ? bytes[start + i - this.#step]! : 0;
      const top = above === undefined ? 0 : bytes[above + i]!;
      const corner = hasLeft && above !== undefined ? bytes[above + i - this.#step]! : 0;
      bytes[start + i]! += predict(filter, left, top, corner);
    }
    this.#offset = end;
    this.#above = start;
    return start;
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

type PixelReader = (
  bytes: Uint8Array,
  start: number,
  x: number,
  out: Uint8Array,
  offset: number,
) => void;

/** Makes the function that copies pixel `x` of the row at `start` to RGBA. */
function pixelReader(
  format: PngFormat,
  palette: Uint8Array | undefined,
  transparency: Uint8Array | undefined,
  onProblem: (problem: string) => void,
): PixelReader {
  const { depth, channels, colorType } = format;
  const top = 2 ** depth - 1;
  const value = (bytes: Uint8Array, start: number, i: number): number => {
    if (depth === 8) return bytes[start + i]!;
    if (depth === 16) return (bytes[start + i * 2]! << 8) | bytes[start + i * 2 + 1]!;
    const bit = i * depth;
    return (bytes[start + (bit >> 3)]! >> (8 - depth - (bit & 7))) & top;
  };
  const toByte = (v: number): number => depth === 8 ? v : Math.round((v * 255) / top);
  if (colorType === 3) {
    let isBeyond = false;
    return (bytes, start, x, out, offset) => {
      const index = value(bytes, start, x);
      // Indices beyond the palette are black, as in browsers.
      for (let c = 0; c < 3; c++) out[offset + c] = palette![index * 3 + c] ?? 0;
      out[offset + 3] = transparency?.[index] ?? 255;
      if (index * 3 + 3 <= palette!.length || isBeyond) return;
      isBeyond = true;
      const count = Math.floor(palette!.length / 3);
      onProblem(`a pixel has index ${index} of ${count} colors; such pixels are black`);
    };
  }
  const hasAlpha = channels === 2 || channels === 4;
  const colors = hasAlpha ? channels - 1 : channels;
  // Without an alpha channel, tRNS names the one color that is transparent, 16 bits a channel.
  const clear = transparency === undefined || hasAlpha ? undefined : Array.from(
    { length: colors },
    (_, c) => (transparency[c * 2]! << 8) | transparency[c * 2 + 1]!,
  );
  return (bytes, start, x, out, offset) => {
    let isClear = clear !== undefined;
    for (let c = 0; c < 3; c++) {
      const v = value(bytes, start, x * channels + (colors === 1 ? 0 : c));
      out[offset + c] = toByte(v);
      isClear &&= v === clear![colors === 1 ? 0 : c];
    }
    out[offset + 3] = hasAlpha
      ? toByte(value(bytes, start, x * channels + colors))
      : isClear
      ? 0
      : 255;
  };
}
