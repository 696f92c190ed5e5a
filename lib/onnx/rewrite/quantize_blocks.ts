import {
  extremesOfFloats,
  extremesOfHalves,
  memory,
  pack4,
  pack8,
  widen,
} from "./quantize_blocks.wasm";

/** Bits per quantized value. */
export type WeightBits = 4 | 8;

/** Number of consecutive values of a row that share a scale. */
export const BLOCK_SIZE = 32;

/** Blocks that are quantized together, so that they stay in the processor's cache. */
const PART_BLOCKS = 2 ** 11;

/** Places in WebAssembly's memory: values as stored, as float32, factors, results. */
const STORED = 0;
const FLOATS = STORED + 4 * BLOCK_SIZE * PART_BLOCKS;
const INVERSES = FLOATS + 4 * BLOCK_SIZE * PART_BLOCKS;
const RESULTS = INVERSES + 8 * PART_BLOCKS;

/** Patterns from which on a value is infinite or no number. */
const HALF_INFINITY = 0x7c00;
const FLOAT_INFINITY = 0x7f800000;

/** Blocks of values that were read together. */
export interface Blocks {
  /** Their number. */
  readonly count: number;
  /**
   * Finds the value of each block with the largest magnitude, the first one of several; 0 for a
   * block of zeros.
   */
  findExtremes(extremes: Float32Array): void;
  /**
   * Quantizes all values, with a zero point of 8 or 128. With 4 bits, a byte holds two values: the
   * first one in its lower half.
   */
  pack(scales: Float32Array | Float16Array, bits: WeightBits, target: Uint8Array): void;
}

/** Blocks that a loop quantizes, for all values. It defines what is right. */
export class PlainBlocks implements Blocks {
  readonly count: number;
  readonly #data: Float32Array;

  /** Wraps values. */
  constructor(data: Float32Array) {
    this.#data = data;
    this.count = data.length / BLOCK_SIZE;
  }

  findExtremes(extremes: Float32Array): void {
    const [data, { count }] = [this.#data, this];
    for (let block = 0; block < count; block++) {
      const start = block * BLOCK_SIZE;
      let extreme = 0;
      for (let i = start; i < start + BLOCK_SIZE; i++) {
        if (Math.abs(data[i]!) > Math.abs(extreme)) extreme = data[i]!;
      }
      extremes[block] = extreme;
    }
  }

  pack(scales: Float32Array | Float16Array, bits: WeightBits, target: Uint8Array): void {
    const [data, { count }] = [this.#data, this];
    for (let block = 0; block < count; block++) {
      const inverse = inverseOf(scales[block]!);
      const end = (block + 1) * BLOCK_SIZE;
      if (bits === 8) {
        for (let i = end - BLOCK_SIZE; i < end; i++) target[i] = toByte(data[i]! * inverse);
      } else {
        for (let i = end - BLOCK_SIZE; i < end; i += 2) {
          target[i >> 1] = toHalfBytes(data[i]! * inverse, data[i + 1]! * inverse);
        }
      }
    }
  }
}

/**
 * Blocks that WebAssembly quantizes with vectors, several times as fast (quantize_blocks.wat). The
 * bits are those of {@linkcode PlainBlocks}, which quantizes what is infinite or no number.
 */
export class VectorBlocks implements Blocks {
  readonly count: number;
  readonly #data: Float16Array | Float32Array;
  /** First blocks of the parts that are known to be finite. */
  readonly #finite = new Set<number>();

  /** Wraps values. */
  constructor(data: Float16Array | Float32Array) {
    this.#data = data;
    this.count = data.length / BLOCK_SIZE;
  }

  findExtremes(extremes: Float32Array): void {
    for (const { from, data } of this.#parts()) {
      store(data);
      const found = findStoredExtremes(data);
      if (found) extremes.set(found, from);
      else plain(data).findExtremes(extremes.subarray(from));
      if (found) this.#finite.add(from);
    }
  }

  pack(scales: Float32Array | Float16Array, bits: WeightBits, target: Uint8Array): void {
    for (const { from, data } of this.#parts()) {
      const blocks = data.length / BLOCK_SIZE;
      const part = scales.subarray(from, from + blocks);
      const bytes = target.subarray(from * BLOCK_SIZE * bits / 8);
      store(data);
      if (!this.#finite.has(from) && !findStoredExtremes(data)) {
        plain(data).pack(part, bits, bytes);
        continue;
      }
      const isHalf = data instanceof Float16Array;
      if (isHalf) widen(STORED, data.length, FLOATS);
      const inverses = new Float64Array(memory.buffer, INVERSES, blocks);
      for (let i = 0; i < blocks; i++) inverses[i] = inverseOf(part[i]!);
      const pack = bits === 4 ? pack4 : pack8;
      pack(isHalf ? FLOATS : STORED, data.length, INVERSES, RESULTS);
      bytes.set(new Uint8Array(memory.buffer, RESULTS, data.length * bits / 8));
    }
  }

  *#parts(): Generator<{ readonly from: number; readonly data: Float16Array | Float32Array }> {
    for (let from = 0; from < this.count; from += PART_BLOCKS) {
      yield {
        from,
        data: this.#data.subarray(from * BLOCK_SIZE, (from + PART_BLOCKS) * BLOCK_SIZE),
      };
    }
  }
}

/** Copies values into WebAssembly's memory. */
function store(data: Float16Array | Float32Array): void {
  if (data instanceof Float16Array) new Float16Array(memory.buffer, STORED).set(data);
  else new Float32Array(memory.buffer, STORED).set(data);
}

/**
 * Finds the extremes of the stored values.
 *
 * @returns The extremes, until the next call; undefined if a value is infinite or no number.
 */
function findStoredExtremes(
  data: Float16Array | Float32Array,
): Float16Array | Float32Array | undefined {
  const { length } = data;
  const blocks = length / BLOCK_SIZE;
  if (data instanceof Float16Array) {
    const largest = extremesOfHalves(STORED, length, RESULTS);
    return largest < HALF_INFINITY ? new Float16Array(memory.buffer, RESULTS, blocks) : undefined;
  }
  const largest = extremesOfFloats(STORED, length, RESULTS);
  return largest < FLOAT_INFINITY ? new Float32Array(memory.buffer, RESULTS, blocks) : undefined;
}

function plain(data: Float16Array | Float32Array): PlainBlocks {
  return new PlainBlocks(new Float32Array(data));
}

function inverseOf(scale: number): number {
  return scale === 0 ? 0 : 1 / scale;
}

/** Rounds a quotient to a byte with zero point 128. */
function toByte(quotient: number): number {
  // The sum is positive, so truncation rounds to the nearest integer.
  const level = (quotient + 128.5) | 0;
  return level > 255 ? 255 : level;
}

/** Rounds two quotients to half bytes with zero point 8. */
function toHalfBytes(first: number, second: number): number {
  const low = (first + 8.5) | 0;
  const high = (second + 8.5) | 0;
  return (low > 15 ? 15 : low) | ((high > 15 ? 15 : high) << 4);
}
