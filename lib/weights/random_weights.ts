import { shapeSize } from "../../kernels/gpu/shape_size.ts";
import type { FloatType } from "./float16.ts";
import type { WeightEntry, WeightSource } from "./weight_source.ts";

/** Values that a uniform draw of 16 bits may become. */
const LEVELS = 2 ** 16;
/** Largest bias; biases have no inputs that would tell their size. */
const BIAS_BOUND = 0.02;

/** Options of {@linkcode RandomWeights}. */
export interface RandomWeightsOptions {
  /** The same seed makes the same weights. Default: 0. */
  readonly seed?: number | string;
  /** Paths that are said to hold weights before any of them is asked for. Default: none. */
  readonly prefixes?: readonly string[];
}

/**
 * Weights that are made up when they are asked for, of the shape that is expected.
 *
 * A builder of graphs that is given these leaves behind the keys and shapes of the network. Values
 * are uniform within 1 / sqrt(inputs of an output), as those of a fresh layer of PyTorch, so that
 * activations stay in the range of float16; scales of normalizations are 1. Any range of a weight
 * can be read by itself.
 */
export class RandomWeights implements WeightSource {
  /** What errors call them. */
  readonly location: string = "random weights";
  readonly #entries = new Map<string, RandomWeight>();
  readonly #seed: number | string;
  readonly #prefixes: readonly string[];
  /** Float16 values of the 16-bit draws, by bound: networks have few different ones. */
  readonly #tables = new Map<number, Uint16Array>();

  /** Begins without any weight. */
  constructor({ seed = 0, prefixes = [] }: RandomWeightsOptions = {}) {
    this.#seed = seed;
    this.#prefixes = prefixes;
  }

  /** The weights that were asked for, in that order. */
  get entries(): readonly WeightEntry[] {
    return [...this.#entries.values()];
  }

  /** Returns the keys that were asked for. */
  keys(): string[] {
    return [...this.#entries.keys()];
  }

  /** Tells whether a path was given as one that holds weights. */
  hasPrefix(path: string): boolean {
    return this.#prefixes.includes(path);
  }

  /**
   * Returns the weight of a key, made up at the first time.
   *
   * @throws {RangeError} If its shape is not known.
   */
  get(key: string, shape?: readonly number[]): WeightEntry {
    const known = this.#entries.get(key);
    if (known) return known;
    if (!shape) throw new RangeError(`Cannot make up weight "${key}": expected a shape, got none`);
    const entry = new RandomWeight(key, [...shape], this.#seed, this.#tables);
    this.#entries.set(key, entry);
    return entry;
  }
}

class RandomWeight implements WeightEntry {
  readonly key: string;
  readonly shape: readonly number[];
  readonly dtype = "F16";
  readonly #hash: number;
  readonly #bound: number;
  readonly #isScale: boolean;
  readonly #tables: Map<number, Uint16Array>;

  constructor(
    key: string,
    shape: readonly number[],
    seed: number | string,
    tables: Map<number, Uint16Array>,
  ) {
    this.key = key;
    this.shape = shape;
    this.#hash = hashText(`${seed} ${key}`);
    const inputs = shapeSize(shape.slice(1));
    this.#isScale = shape.length === 1 && key.endsWith("weight");
    this.#bound = shape.length === 1 ? BIAS_BOUND : 1 / Math.sqrt(inputs);
    this.#tables = tables;
  }

  read(type: FloatType, start = 0, count?: number): Uint8Array<ArrayBuffer> {
    const size = shapeSize(this.shape);
    const length = count ?? size - start;
    if (start < 0 || length < 0 || start + length > size) {
      throw new RangeError(
        `Cannot read values ${start} to ${start + length} of weight "${this.key}": ` +
          `expected a range inside its ${size} values`,
      );
    }
    // Values of both types are the same: those of float16.
    const patterns = this.#patterns(start, length);
    if (type === "float16") return new Uint8Array(patterns.buffer);
    return new Uint8Array(Float32Array.from(new Float16Array(patterns.buffer)).buffer);
  }

  #patterns(start: number, length: number): Uint16Array<ArrayBuffer> {
    const patterns = new Uint16Array(length);
    if (this.#isScale) return patterns.fill(ONE);
    const table = this.#table();
    const hash = this.#hash;
    let i = 0;
    // One draw of 32 bits makes two values.
    if (start % 2 === 1 && length > 0) patterns[i++] = table[draw(hash, start >>> 1) >>> 16]!;
    for (let pair = (start + i) / 2; i < length; pair++) {
      const bits = draw(hash, pair);
      patterns[i++] = table[bits & (LEVELS - 1)]!;
      if (i < length) patterns[i++] = table[bits >>> 16]!;
    }
    return patterns;
  }

  #table(): Uint16Array {
    let table = this.#tables.get(this.#bound);
    if (!table) {
      const values = Float16Array.from(
        { length: LEVELS },
        (_, i) => this.#bound * ((2 * i + 1) / LEVELS - 1),
      );
      table = new Uint16Array(values.buffer);
      this.#tables.set(this.#bound, table);
    }
    return table;
  }
}

/** 1 as a float16. */
const ONE = 0x3c00;

/** Draws 32 bits: entry `index` of the sequence `hash`. */
function draw(hash: number, index: number): number {
  return mix(mix(index) ^ hash);
}

/** Scatters 32 bits. Source: "lowbias32" of https://nullprogram.com/blog/2018/07/31/. */
function mix(bits: number): number {
  let x = bits ^ (bits >>> 16);
  x = Math.imul(x, 0x7feb352d);
  x ^= x >>> 15;
  x = Math.imul(x, 0x846ca68b);
  return x ^ (x >>> 16);
}

/** Source: FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}
