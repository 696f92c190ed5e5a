import { floatView } from "../weights/float_view.ts";
import type { WeightEntry } from "../weights/weight_source.ts";
import { type WeightChange, type WeightRange, withoutOnes } from "./weight_change.ts";

/** A change that is stored whole, such as that of a bias or of a normalization. */
export class FullDifference implements WeightChange {
  readonly tensors: readonly WeightEntry[];
  readonly #values: WeightEntry;

  /** Takes the values, in the shape of the weight. */
  constructor(values: WeightEntry) {
    this.tensors = [values];
    this.#values = values;
  }

  fits(shape: readonly number[]): boolean {
    return withoutOnes(shape).join() === withoutOnes(this.#values.shape).join();
  }

  add(values: Float32Array, { start }: WeightRange, scale: number): void {
    const added = floatView(this.#values.read("float32", start, values.length));
    for (let i = 0; i < values.length; i++) values[i]! += scale * added[i]!;
  }
}
