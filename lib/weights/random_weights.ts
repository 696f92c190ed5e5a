import { shapeSize } from "../../kernels/gpu/shape_size.ts";
import type { FloatType } from "./float16.ts";
import type { WeightEntry, WeightSource } from "./weight_source.ts";

/** Number of different values of a uniform draw of 16 bits. */
const LEVELS = 2 ** 16;
/** Bound of biases, which have no inputs to derive one from. */
const BIAS_BOUND = 0.02;

/** Options of {@linkcode RandomWeights}. */
export interface RandomWeightsOptions {
  /** The same seed gives the same weights. Default: 0. */
  readonly seed?: number | string;
  /** Paths for which {@linkcode RandomWeights.hasPrefix} returns true. Default: none. */
  readonly prefixes?: readonly string[];
}

/**
 * Random weights that are generated on request, in the requested shape.
 *
 * They record the keys and shapes that a graph builder requests: those of its checkpoint. Values
 * are uniform in ±1 / sqrt(fan-in), like the initial values of a layer in PyTorch, so that
 * activations stay in the range of float16. Scales of normalizations are 1. Any range of a weight
 * can be read by itself.
 */
export class RandomWeights implements WeightSource {
  /** Name in error messages. */
  readonly location: string = "random weights";
  readonly #entries = new Map<string, RandomWeight>();
  readonly #seed: number | string;
  readonly #prefixes: readonly string[];
  /** Float16 values of the 16-bit draws, by bound: networks have few different bounds. */
  readonly #tables = new Map<number, Uint16Array>();

  /** Creates a source without any weight. */
  constructor({ seed = 0, prefixes = [] }: RandomWeightsOptions = {}) {
    this.#seed = seed;
    this.#prefixes = prefixes;
  }

  /** Requested weights, in the order of the requests. */
  get entries(): readonly WeightEntry[] {
    return [...this.#entries.values()];
  }

  /** Returns the requested keys. */
  keys(): string[] {
    return [...this.#entries.keys()];
  }

  /** Tells whether a path is among the prefixes of the options. */
  hasPrefix(path: string): boolean {
    return this.#prefixes.includes(path);
  }

  /**
   * Returns the weight of a key. The first request generates it.
   *
   * @throws {RangeError} If the first request has no shape.
   */
  get(key: string, shape?: readonly number[]): WeightEntry {
    const known = this.#entries.get(key);
    if (known) return known;
    if (!shape) throw new RangeError(`Cannot generate weight "${key}": expected a shape, got none`);
    const entry = new RandomWeight(key, [...shape], this.#seed, this.#tables);
    this.#entries.set(key, entry);
    return entry;
  }
}

class RandomWeight implements WeightEntry {
  readonly key: string;
  readonly shape: readonly number[];
  readonly dtype = "F16";
  readonly exactType = "float16";
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
    // Both types have the same values: those of float16.
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
    // One draw of 32 bits gives two values.
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

/** Mixes 32 bits. Source: "lowbias32" of https://nullprogram.com/blog/2018/07/31/. */
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
