/** A component of a frame: where its header says what of it. */
interface Component {
  readonly id: number;
  readonly quantization: number;
}

/** Markers of tables, and of the header of a scan. */
const HUFFMAN = 0xc4;
const QUANTIZATION = 0xdb;
const SCAN = 0xda;
const PROGRESSIVE = 0xc2;
const FRAMES = [0xc0, 0xc1, PROGRESSIVE];

/**
 * Follows the tables and components of a JPEG file, and refuses scans that use what is not there.
 *
 * Source: ITU-T T.81, annex B.2.
 */
export class JpegTables {
  readonly #bytes: Uint8Array;
  /** Classes and ids of the Huffman tables: 0x00 to 0x03, 0x10 to 0x13. */
  readonly #huffman = new Set<number>();
  readonly #quantization = new Set<number>();
  #components: readonly Component[] | undefined;
  #isProgressive = false;

  /** @param bytes The whole file; it is borrowed. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /**
   * Takes the next segment.
   *
   * @param content Offset behind the marker and the length.
   * @param end Offset behind the segment, within the file.
   * @throws {SyntaxError} If it is damaged, with the bare reason.
   */
  read(marker: number, content: number, end: number): void {
    if (marker === HUFFMAN) this.#readHuffman(content, end);
    else if (marker === QUANTIZATION) this.#readQuantization(content, end);
    else if (marker === SCAN) this.#checkScan(content, end);
    else if (FRAMES.includes(marker)) this.#readFrame(marker, content, end);
  }

  #readHuffman(content: number, end: number): void {
    let at = content;
    while (at < end) {
      const id = this.#bytes[at]!;
      const counts = this.#bytes.subarray(at + 1, at + 17);
      const count = counts.reduce((sum, one) => sum + one, 0);
      check(isTable(id & 15) && id >> 4 <= 1 && count <= 256);
      this.#huffman.add(id);
      at += 17 + count;
    }
    check(at === end);
  }

  #readQuantization(content: number, end: number): void {
    let at = content;
    while (at < end) {
      const [id, bytes] = [this.#bytes[at]! & 15, this.#bytes[at]! >> 4];
      check(isTable(id) && bytes <= 1);
      this.#quantization.add(id);
      at += 1 + 64 * (1 + bytes);
    }
    check(at === end);
  }

  #readFrame(marker: number, content: number, end: number): void {
    check(this.#components === undefined);
    const count = this.#bytes[content + 5]!;
    check(count >= 1 && count <= 4 && end === content + 6 + 3 * count);
    const largest = this.#bytes[content + 7]!;
    this.#components = Array.from({ length: count }, (_, i) => {
      const [id, factors, quantization] = this.#bytes.subarray(content + 6 + 3 * i);
      check(isFactor(factors! >> 4) && isFactor(factors! & 15));
      // Brightness comes first. The decoder ends the program if it is sampled less than a color.
      if (largest >> 4 < factors! >> 4 || (largest & 15) < (factors! & 15)) {
        throw new SyntaxError("its sampling factors are not supported");
      }
      return { id: id!, quantization: quantization! };
    });
    check(new Set(this.#components.map(({ id }) => id)).size === count);
    this.#isProgressive = marker === PROGRESSIVE;
  }

  #checkScan(content: number, end: number): void {
    const count = this.#bytes[content]!;
    check(count >= 1 && end === content + 4 + 2 * count);
    const [first, last, bits] = this.#bytes.subarray(content + 1 + 2 * count);
    check(first! <= last! && last! <= 63);
    // Other kinds of frames are refused by the decoder.
    if (this.#components === undefined) return;
    const seen = new Set<number>();
    for (let i = 0; i < count; i++) {
      const [id, tables] = this.#bytes.subarray(content + 1 + 2 * i);
      const component = this.#components.find((one) => one.id === id);
      check(component !== undefined && !seen.has(id!));
      check(this.#quantization.has(component!.quantization));
      seen.add(id!);
      const [dc, ac] = [tables! >> 4, 0x10 | (tables! & 15)];
      check(isTable(dc) && isTable(ac & 15));
      if (!this.#isProgressive) check(this.#huffman.has(dc) && this.#huffman.has(ac));
      // A progressive scan has the first coefficient, or others; refining the first takes no table.
      else if (first! > 0) check(this.#huffman.has(ac) && count === 1);
      else check(last === 0 && (bits! >> 4 > 0 || this.#huffman.has(dc)));
    }
  }
}

function isTable(id: number): boolean {
  return id <= 3;
}

function isFactor(factor: number): boolean {
  return factor >= 1 && factor <= 4;
}

function check(isSound: boolean): void {
  if (!isSound) throw new SyntaxError("it is damaged");
}
