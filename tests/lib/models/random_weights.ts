import { shapeSize } from "../../../kernels/gpu/shape_size.ts";
import { StateDict } from "../../../lib/weights/state_dict.ts";
import type { WeightEntry } from "../../../lib/weights/weight_source.ts";
import { scatter } from "../onnx/run_graph.ts";

/** Shapes of weights by key. */
export type WeightShapes = Map<string, readonly number[]>;

/** Creates weights without a pattern, small enough to keep activations in range. */
export function randomWeights(shapes: WeightShapes): StateDict {
  const entries = [...shapes].map(([key, shape], seed): WeightEntry => {
    const size = shapeSize(shape);
    let values: Float32Array<ArrayBuffer> | undefined;
    return {
      key,
      shape,
      dtype: "F32",
      read(_, start = 0, count = size - start) {
        values ??= Float32Array.from(
          scatter(size, seed + 1),
          (x) => x / Math.sqrt(size / shape[0]!),
        );
        return new Uint8Array(values.buffer, 4 * start, 4 * count);
      },
    };
  });
  return StateDict.fromEntries(entries, "random weights");
}

/** Adds a layer with weight and bias. */
export function addLayer(shapes: WeightShapes, path: string, shape: readonly number[]): void {
  shapes.set(`${path}.weight`, shape);
  shapes.set(`${path}.bias`, [shape[0]!]);
}
