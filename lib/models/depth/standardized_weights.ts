import { shapeSize } from "../../../kernels/gpu/shape_size.ts";
import { convertFloats, type FloatType } from "../../weights/float16.ts";
import type { WeightEntry, WeightSource } from "../../weights/weight_source.ts";

/** Added to the variance of a window. Source: BiT's convolutions in transformers, all built with it. */
const EPSILON = 1e-8;

/**
 * Weights of which the convolutions below a path are standardized: each output's window has mean 0
 * and variance 1.
 *
 * It is done in float64 when a weight is read, so that nothing of it is left in the graph and
 * nothing is lost in float16.
 *
 * Source: Qiao et al. 2019, "Weight Standardization", https://arxiv.org/abs/1903.10520.
 */
export class StandardizedWeights implements WeightSource {
  /** Where the weights come from, for error messages. */
  readonly location: string;
  readonly #weights: WeightSource;
  readonly #prefix: string;

  /** Shows weights; those with four sides below `path` are standardized. */
  constructor(weights: WeightSource, path: string) {
    this.location = weights.location;
    this.#weights = weights;
    this.#prefix = `${path}.`;
  }

  /** Returns all keys that are known. */
  keys(): readonly string[] {
    return this.#weights.keys();
  }

  /** Tells whether any key is `path` or begins with `path` and a dot. */
  hasPrefix(path: string): boolean {
    return this.#weights.hasPrefix(path);
  }

  /**
   * Returns the tensor of a key.
   *
   * @throws {RangeError} If there is none.
   */
  get(key: string, shape?: readonly number[]): WeightEntry {
    const entry = this.#weights.get(key, shape);
    const isConvolution = key.startsWith(this.#prefix) && entry.shape.length === 4;
    return isConvolution ? new StandardizedWeight(entry) : entry;
  }
}

/** A weight [O, I, kH, kW] whose O windows are standardized whenever they are read. */
class StandardizedWeight implements WeightEntry {
  readonly key: string;
  readonly shape: readonly number[];
  readonly dtype: WeightEntry["dtype"];
  readonly #entry: WeightEntry;

  constructor(entry: WeightEntry) {
    this.key = entry.key;
    this.shape = entry.shape;
    this.dtype = entry.dtype;
    this.#entry = entry;
  }

  read(type: FloatType, start = 0, count?: number): Uint8Array<ArrayBuffer> {
    const [outputs, ...sides] = this.shape as [number, ...number[]];
    const size = shapeSize(sides);
    const end = count === undefined ? outputs * size : start + count;
    const first = Math.floor(start / size);
    const rows = Math.ceil(end / size) - first;
    const bytes = this.#entry.read("float32", first * size, rows * size);
    const values = new Float32Array(bytes.slice().buffer);
    for (let row = 0; row < rows; row++) {
      standardize(values.subarray(row * size, (row + 1) * size));
    }
    const part = values.subarray(start - first * size, end - first * size);
    return convertFloats(new Uint8Array(part.slice().buffer), "F32", type);
  }
}

/** Brings values to mean 0 and variance 1. */
function standardize(values: Float32Array): void {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const scale = 1 / Math.sqrt(variance + EPSILON);
  for (const [i, value] of values.entries()) values[i] = (value - mean) * scale;
}
