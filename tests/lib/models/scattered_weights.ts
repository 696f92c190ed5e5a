import { shapeSize } from "../../../kernels/gpu/shape_size.ts";
import { convertFloats } from "../../../lib/weights/float16.ts";
import type { WeightEntry, WeightSource } from "../../../lib/weights/weight_source.ts";
import { scatter } from "../onnx/run_graph.ts";

/**
 * Weights that are generated on demand: values around 0, scales around 1, and small convolutions
 * whose mean is not 0.
 */
export class ScatteredWeights implements WeightSource {
  readonly location = "scattered weights";
  readonly #entries = new Map<string, WeightEntry>();

  keys(): string[] {
    return [...this.#entries.keys()];
  }

  hasPrefix(path: string): boolean {
    return this.keys().some((key) => key === path || key.startsWith(`${path}.`));
  }

  get(key: string, shape?: readonly number[]): WeightEntry {
    const known = this.#entries.get(key);
    if (known) return known;
    const size = shapeSize(shape!);
    const isScale = shape!.length === 1 && key.endsWith("weight");
    const [center, spread] = isScale ? [1, 0.3] : shape!.length === 4 ? [1e-4, 3e-4] : [0, 0.4];
    const values = scatter(size, this.#entries.size + 1).map((value) => center + spread * value);
    const entry: WeightEntry = {
      key,
      shape: [...shape!],
      dtype: "F32",
      read: (type, start = 0, count) => {
        const end = count === undefined ? size : start + count;
        return convertFloats(new Uint8Array(values.slice(start, end).buffer), "F32", type);
      },
    };
    this.#entries.set(key, entry);
    return entry;
  }

  /** Values of a weight that was requested. */
  values(key: string): Float32Array {
    const entry = this.#entries.get(key);
    if (!entry) throw new RangeError(`Cannot find weight "${key}"`);
    return new Float32Array(entry.read("float32").slice().buffer);
  }
}
