import type { WeightEntry } from "../weights/weight_source.ts";

/** A part of a weight [O, ...] that is changed. */
export interface WeightRange {
  /** Index of the first value in the weight. */
  readonly start: number;
  /** Values of the weight for each of its O rows. */
  readonly rowSize: number;
}

/** A change of a weight: what a LoRA adds to it at scale 1. */
export interface WeightChange {
  /** Tensors of the file, for error messages. */
  readonly tensors: readonly WeightEntry[];
  /** Tells whether the change has the shape of a weight. */
  fits(shape: readonly number[]): boolean;
  /**
   * Adds `scale` times the change to a part of a weight.
   *
   * @param values The part. It is modified.
   * @param weight The weight without any change.
   */
  add(values: Float32Array, range: WeightRange, scale: number, weight: WeightEntry): void;
}

/**
 * Drops trailing dimensions of 1 after the first two: a linear layer may be stored as a 1x1
 * convolution, and vice versa.
 */
export function withoutOnes(shape: readonly number[]): readonly number[] {
  const last = shape.findLastIndex((dimension, axis) => axis < 2 || dimension !== 1);
  return shape.slice(0, last + 1);
}
