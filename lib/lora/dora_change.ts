import { shapeSize } from "../../kernels/gpu/shape_size.ts";
import { floatView } from "../weights/float_view.ts";
import type { WeightEntry } from "../weights/weight_source.ts";
import type { WeightChange, WeightRange } from "./weight_change.ts";

/** Rows whose norms are summed together. */
const CHUNK_ROWS = 64;

/**
 * The change of a DoRA: the weight with a LoRA gets the stored magnitudes, of its rows or of its
 * input channels. W becomes m (W + change) / |W + change|.
 *
 * Source: Liu et al. 2024, https://arxiv.org/abs/2402.09353, equation 5; the axes as in peft
 * (`lora_magnitude_vector`, outputs) and LyCORIS (`dora_scale`, outputs or inputs by its shape).
 */
export class DoraChange implements WeightChange {
  readonly tensors: readonly WeightEntry[];
  readonly #change: WeightChange;
  readonly #magnitude: WeightEntry;
  readonly #isOutput: boolean;
  /** Norms of the input channels of the last weight: they need the whole of it. */
  #inputNorms: { readonly weight: WeightEntry; readonly norms: Float64Array } | undefined;

  /**
   * Takes the parts.
   *
   * @param change The change before the magnitudes are set.
   * @param magnitude Norms: one for each output, or [1, I, ...] for each input channel.
   * @param isOutput Whether `magnitude` is of the outputs whatever its shape.
   */
  constructor(change: WeightChange, magnitude: WeightEntry, isOutput: boolean) {
    this.tensors = [...change.tensors, magnitude];
    this.#change = change;
    this.#magnitude = magnitude;
    this.#isOutput = isOutput || magnitude.shape[0] !== 1 || magnitude.shape.length < 2;
  }

  fits(shape: readonly number[]): boolean {
    const count = this.#isOutput ? shape[0] : shape[1];
    return shapeSize(this.#magnitude.shape) === count && this.#change.fits(shape);
  }

  add(values: Float32Array, range: WeightRange, scale: number, weight: WeightEntry): void {
    const { start, rowSize } = range;
    const first = Math.floor(start / rowSize);
    const end = Math.ceil((start + values.length) / rowSize);
    const merged = this.#merge(weight, { first, end, rowSize });
    const ratios = this.#isOutput
      ? this.#outputRatios(merged, { first, end, rowSize })
      : this.#inputRatios(weight, rowSize);
    const taps = this.#isOutput ? 1 : rowSize / ratios.length;
    const base = floatView(weight.read("float32", start, values.length));
    const offset = start - first * rowSize;
    for (let i = 0; i < values.length; i++) {
      const at = offset + i;
      const index = this.#isOutput ? Math.floor(at / rowSize) : Math.floor((at % rowSize) / taps);
      values[i]! += scale * (ratios[index]! * merged[at]! - base[i]!);
    }
  }

  /** Returns rows of the weight with the change. */
  #merge(weight: WeightEntry, { first, end, rowSize }: Rows): Float32Array {
    const start = first * rowSize;
    const merged = floatView(weight.read("float32", start, (end - first) * rowSize)).slice();
    this.#change.add(merged, { start, rowSize }, 1, weight);
    return merged;
  }

  #outputRatios(merged: Float32Array, { first, end, rowSize }: Rows): Float64Array {
    const magnitudes = floatView(this.#magnitude.read("float32", first, end - first));
    return Float64Array.from({ length: end - first }, (_, row) => {
      let sum = 0;
      for (let i = row * rowSize; i < (row + 1) * rowSize; i++) sum += merged[i]! ** 2;
      return ratio(magnitudes[row]!, sum);
    });
  }

  #inputRatios(weight: WeightEntry, rowSize: number): Float64Array {
    const magnitudes = floatView(this.#magnitude.read("float32"));
    if (this.#inputNorms?.weight !== weight) {
      this.#inputNorms = { weight, norms: this.#sumInputs(weight, rowSize, magnitudes.length) };
    }
    return this.#inputNorms.norms.map((sum, i) => ratio(magnitudes[i]!, sum));
  }

  #sumInputs(weight: WeightEntry, rowSize: number, inputs: number): Float64Array {
    const sums = new Float64Array(inputs);
    const taps = rowSize / inputs;
    const rows = weight.shape[0]!;
    for (let first = 0; first < rows; first += CHUNK_ROWS) {
      const end = Math.min(rows, first + CHUNK_ROWS);
      const merged = this.#merge(weight, { first, end, rowSize });
      for (let i = 0; i < merged.length; i++) {
        sums[Math.floor((i % rowSize) / taps)]! += merged[i]! ** 2;
      }
    }
    return sums;
  }
}

/** Rows of a weight. */
interface Rows {
  readonly first: number;
  readonly end: number;
  readonly rowSize: number;
}

/** A vector of zeros stays one. */
function ratio(magnitude: number, squares: number): number {
  return squares === 0 ? 0 : magnitude / Math.sqrt(squares);
}
