import { shapeSize } from "../../../kernels/gpu/shape_size.ts";
import { convertFloats, type FloatType } from "../../weights/float16.ts";
import { floatView } from "../../weights/float_view.ts";
import type { WeightEntry, WeightSource } from "../../weights/weight_source.ts";

/** Added to the variance of a kernel. Source: BiT's convolutions in transformers. */
const EPSILON = 1e-8;

/**
 * Weights in which the convolutions below a path are standardized: the kernels of each output
 * channel have mean 0 and variance 1.
 *
 * They are standardized in float64 when they are read, so that the graph needs no nodes for it and
 * float16 loses no precision.
 *
 * Source: Qiao et al. 2019, "Weight Standardization", https://arxiv.org/abs/1903.10520.
 */
export class StandardizedWeights implements WeightSource {
  /** Where the weights come from, for error messages. */
  readonly location: string;
  readonly #weights: WeightSource;
  readonly #prefix: string;

  /** Wraps weights; those with four dimensions below `path` are standardized. */
  constructor(weights: WeightSource, path: string) {
    this.location = weights.location;
    this.#weights = weights;
    this.#prefix = `${path}.`;
  }

  /** Returns all known keys. */
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

/** A weight [O, I, kH, kW] that is standardized per output channel while it is read. */
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
    const [outputs, ...kernel] = this.shape as [number, ...number[]];
    const size = shapeSize(kernel);
    const end = count === undefined ? outputs * size : start + count;
    const first = Math.floor(start / size);
    const rows = Math.ceil(end / size) - first;
    const bytes = this.#entry.read("float32", first * size, rows * size);
    const values = floatView(bytes.slice());
    for (let row = 0; row < rows; row++) {
      standardize(values.subarray(row * size, (row + 1) * size));
    }
    const part = values.subarray(start - first * size, end - first * size);
    return convertFloats(new Uint8Array(part.slice().buffer), "F32", type);
  }
}

/** Standardizes values to mean 0 and variance 1, in place. */
function standardize(values: Float32Array): void {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const scale = 1 / Math.sqrt(variance + EPSILON);
  for (const [i, value] of values.entries()) values[i] = (value - mean) * scale;
}
