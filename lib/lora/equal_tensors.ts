import { floatView } from "../weights/float_view.ts";
import type { WeightEntry } from "../weights/weight_source.ts";

/** Tells whether tensors have the same shapes and values. */
export function equalTensors(
  some: readonly WeightEntry[],
  others: readonly WeightEntry[],
): boolean {
  return some.length === others.length &&
    some.every((entry, i) => equalTensor(entry, others[i]!));
}

function equalTensor(one: WeightEntry, other: WeightEntry): boolean {
  if (one.shape.join() !== other.shape.join()) return false;
  const values = floatView(other.read("float32"));
  return floatView(one.read("float32")).every((value, i) => value === values[i]);
}
