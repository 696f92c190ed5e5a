/** The kinds of fax data of TIFF: group 3 without line ends, group 3, and group 4. */
export type FaxKind = "rows" | "group3" | "group4";

/** Options of {@linkcode decodeFax}. */
export interface FaxOptions {
  /** Kind of the data. */
  readonly kind: FaxKind;
  /** Width of the rows in pixels. */
  readonly width: number;
  /** Whether rows of group 3 may be two-dimensional. */
  readonly isTwoDimensional: boolean;
}

/**
 * Codes of runs of 0 to 63 pixels, then of 64, 128 … 2560. Source: ITU-T T.4, tables 2 and 3.
 */
const EXTENDED_CODES = "00000001000 00000001100 00000001101 000000010010 000000010011 " +
  "000000010100 000000010101 000000010110 000000010111 000000011100 000000011101 000000011110 " +
  "000000011111";
const WHITE_CODES = "00110101 000111 0111 1000 1011 1100 1110 1111 10011 10100 00111 01000 " +
  "001000 000011 110100 110101 101010 101011 0100111 0001100 0001000 0010111 0000011 0000100 " +
  "0101000 0101011 0010011 0100100 0011000 00000010 00000011 00011010 00011011 00010010 00010011 " +
  "00010100 00010101 00010110 00010111 00101000 00101001 00101010 00101011 00101100 00101101 " +
  "00000100 00000101 00001010 00001011 01010010 01010011 01010100 01010101 00100100 00100101 " +
  "01011000 01011001 01011010 01011011 01001010 01001011 00110010 00110011 00110100 " +
  "11011 10010 010111 0110111 00110110 00110111 01100100 01100101 01101000 01100111 011001100 " +
  "011001101 011010010 011010011 011010100 011010101 011010110 011010111 011011000 011011001 " +
  "011011010 011011011 010011000 010011001 010011010 011000 010011011 " + EXTENDED_CODES;
const BLACK_CODES = "0000110111 010 11 10 011 0011 0010 00011 000101 000100 0000100 0000101 " +
  "0000111 00000100 00000111 000011000 0000010111 0000011000 0000001000 00001100111 00001101000 " +
  "00001101100 00000110111 00000101000 00000010111 00000011000 000011001010 000011001011 " +
  "000011001100 000011001101 000001101000 000001101001 000001101010 000001101011 000011010010 " +
  "000011010011 000011010100 000011010101 000011010110 000011010111 000001101100 000001101101 " +
  "000011011010 000011011011 000001010100 000001010101 000001010110 000001010111 000001100100 " +
  "000001100101 000001010010 000001010011 000000100100 000000110111 000000111000 000000100111 " +
  "000000101000 000001011000 000001011001 000000101011 000000101100 000001011010 000001100110 " +
  "000001100111 0000001111 000011001000 000011001001 000001011011 000000110011 000000110100 " +
  "000000110101 0000001101100 0000001101101 0000001001010 0000001001011 0000001001100 " +
  "0000001001101 0000001110010 0000001110011 0000001110100 0000001110101 0000001110110 " +
  "0000001110111 0000001010010 0000001010011 0000001010100 0000001010101 0000001011010 " +
  "0000001011011 0000001100100 0000001100101 " + EXTENDED_CODES;

/**
 * Codes of two-dimensional rows: pass, horizontal, and the offset of vertical mode. T.4, table 4.
 */
const MODES: ReadonlyMap<number, "pass" | "horizontal" | number> = new Map<
  number,
  "pass" | "horizontal" | number
>([
  [keyOf("0001"), "pass"],
  [keyOf("001"), "horizontal"],
  [keyOf("1"), 0],
  [keyOf("011"), 1],
  [keyOf("000011"), 2],
  [keyOf("0000011"), 3],
  [keyOf("010"), -1],
  [keyOf("000010"), -2],
  [keyOf("0000010"), -3],
]);

/** Lengths of runs by code; white is 0, black 1. */
const RUNS: readonly ReadonlyMap<number, number>[] = [WHITE_CODES, BLACK_CODES].map((codes) =>
  new Map(codes.split(" ").map((code, i) => [keyOf(code), i < 64 ? i : (i - 63) * 64]))
);

/** A leading 1 tells codes of different lengths apart. */
function keyOf(code: string): number {
  return parseInt(`1${code}`, 2);
}

/**
 * Decodes fax data of black and white rows.
 *
 * Source: ITU-T T.4 and T.6; TIFF 6.0, sections 10 and 11.
 *
 * @param byteLength Bytes of all rows, each of whole bytes.
 * @returns Black is 1.
 * @throws {RangeError} If the data ends early.
 * @throws {SyntaxError} If it is damaged.
 */
export function decodeFax(
  data: Uint8Array,
  byteLength: number,
  { kind, width, isTwoDimensional }: FaxOptions,
): Uint8Array {
  const bytes = new Uint8Array(byteLength);
  const rowBytes = Math.ceil(width / 8);
  const reader = new BitReader(data);
  let reference: number[] = [];
  for (let start = 0; start < byteLength; start += rowBytes) {
    let isFlat = kind !== "group4";
    if (kind === "rows") reader.alignToByte();
    else if (kind === "group3") {
      reader.skipLineEnd();
      if (isTwoDimensional) isFlat = reader.read() === 1;
    }
    reference = isFlat ? readFlatRow(reader, width) : readRow(reader, width, reference);
    fillRow(bytes, start * 8, reference, width);
  }
  return bytes;
}

class BitReader {
  readonly #data: Uint8Array;
  #bit = 0;

  constructor(data: Uint8Array) {
    this.#data = data;
  }

  read(): number {
    const byte = this.#data[this.#bit >> 3];
    if (byte === undefined) throw new RangeError("its pixels end early");
    return (byte >> (7 - (this.#bit++ & 7))) & 1;
  }

  /** Reads one code of a table. */
  readCode<Value>(codes: ReadonlyMap<number, Value>): Value {
    // No code is longer than 13 bits.
    for (let key = 1, length = 0; length < 13; length++) {
      key = (key << 1) | this.read();
      const value = codes.get(key);
      if (value !== undefined) return value;
    }
    throw new SyntaxError("its compressed pixels are damaged");
  }

  /** Reads the length of a run: any number of codes from 64 on, and one below. */
  readRun(color: number): number {
    for (let sum = 0;;) {
      const length = this.readCode(RUNS[color]!);
      sum += length;
      if (length < 64) return sum;
    }
  }

  alignToByte(): void {
    this.#bit = Math.ceil(this.#bit / 8) * 8;
  }

  /** Skips eleven zeros or more and a one, if they follow. */
  skipLineEnd(): void {
    const start = this.#bit;
    let zeros = 0;
    while (this.#bit < this.#data.length * 8 && this.read() === 0) zeros++;
    if (zeros < 11) this.#bit = start;
  }
}

/** Reads a one-dimensional row; returns the columns at which the color changes, white first. */
function readFlatRow(reader: BitReader, width: number): number[] {
  const changes: number[] = [];
  for (let x = 0, color = 0; x < width; color = 1 - color) {
    x += reader.readRun(color);
    changes.push(Math.min(x, width));
  }
  return changes;
}

/** Reads a row that is described by its differences from the row above. */
function readRow(reader: BitReader, width: number, reference: readonly number[]): number[] {
  const changes: number[] = [];
  let x = -1;
  let color = 0;
  // Index of the change in the row above, to the right and to the opposite color.
  let above = 0;
  while (x < width) {
    while (above > 0 && (reference[above - 1] ?? width) > x) above--;
    while ((reference[above] ?? width) <= x && above < reference.length) above++;
    if (above % 2 !== color) above++;
    const mode = reader.readCode(MODES);
    const left = reference[above] ?? width;
    if (mode === "pass") {
      x = reference[above + 1] ?? width;
    } else if (mode === "horizontal") {
      const middle = Math.max(0, x) + reader.readRun(color);
      x = middle + reader.readRun(1 - color);
      changes.push(Math.min(middle, width), Math.min(x, width));
    } else {
      const next = left + mode;
      if (next < Math.max(0, x)) throw new SyntaxError("its compressed pixels are damaged");
      x = next;
      changes.push(Math.min(x, width));
      color = 1 - color;
    }
  }
  return changes;
}

function fillRow(
  bytes: Uint8Array,
  start: number,
  changes: readonly number[],
  width: number,
): void {
  for (let i = 0; i < changes.length; i += 2) {
    const end = changes[i + 1] ?? width;
    for (let x = changes[i]!; x < end; x++) {
      const bit = start + x;
      bytes[bit >> 3]! |= 128 >> (bit & 7);
    }
  }
}
