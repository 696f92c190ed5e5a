import { type Interpolation, interpolationTaps } from "../../image/interpolation_taps.ts";
import { convertFloats, type FloatType } from "../../weights/float16.ts";
import { floatView } from "../../weights/float_view.ts";
import type { Value } from "../../onnx/graph/graph.ts";
import type { GraphBuilder } from "../../onnx/graph/graph_builder.ts";
import type { WeightEntry } from "../../weights/weight_source.ts";

/** Number of rows and columns of a grid of patches. */
export type PatchGrid = readonly [rows: number, columns: number];

/**
 * Returns position embeddings for another grid of patches than that of training.
 *
 * @param stored The weight, [1, 1 + P, D].
 * @returns `stored` itself if the grids are equal.
 */
export function resizePositions(
  g: GraphBuilder,
  stored: Value,
  [from, to]: readonly [from: PatchGrid, to: PatchGrid],
  interpolation: Interpolation,
): Value {
  if (from.join() === to.join()) return stored;
  const resized = new ResizedPositions(g.entryOf(stored)!, [from, to], interpolation);
  return g.weight(resized, resized.shape);
}

/**
 * Position embeddings [1, 1 + P, D], interpolated to another grid of patches. The first one, of the
 * class token, is not changed.
 *
 * Source: `Dinov2Embeddings.interpolate_pos_encoding` (bicubic) and
 * `DPTViTHybridEmbeddings._resize_pos_embed` (bilinear) of transformers.
 */
export class ResizedPositions implements WeightEntry {
  /** Key of the weight with the grid as suffix. */
  readonly key: string;
  /** Shape [1, 1 + rows * columns, D]. */
  readonly shape: readonly number[];
  /** Type of the stored weight. */
  readonly dtype: WeightEntry["dtype"];
  readonly #entry: WeightEntry;
  readonly #from: PatchGrid;
  readonly #to: PatchGrid;
  readonly #interpolation: Interpolation;

  /** Wraps a weight, which is not read yet. */
  constructor(
    entry: WeightEntry,
    [from, to]: readonly [from: PatchGrid, to: PatchGrid],
    interpolation: Interpolation,
  ) {
    this.key = `${entry.key}.${to.join("x")}`;
    this.shape = [1, 1 + to[0] * to[1], entry.shape.at(-1)!];
    this.dtype = entry.dtype;
    this.#entry = entry;
    this.#from = from;
    this.#to = to;
    this.#interpolation = interpolation;
  }

  /** Reads a range of the resized weight. Each call reads the whole original. */
  read(type: FloatType, start = 0, count?: number): Uint8Array<ArrayBuffer> {
    const values = this.#resize();
    const end = count === undefined ? values.length : start + count;
    const bytes = new Uint8Array(values.buffer, 4 * start, 4 * (end - start));
    return convertFloats(bytes, "F32", type);
  }

  #resize(): Float32Array<ArrayBuffer> {
    const width = this.shape[2]!;
    const [fromRows, fromColumns] = this.#from;
    const [rows, columns] = this.#to;
    const stored = floatView(this.#entry.read("float32"));
    const result = new Float32Array((1 + rows * columns) * width);
    result.set(stored.subarray(0, width));
    const down = interpolationTaps(fromRows, rows, this.#interpolation);
    const across = interpolationTaps(fromColumns, columns, this.#interpolation);
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) {
        const target = (1 + y * columns + x) * width;
        for (const [row, rowWeight] of down[y]!) {
          for (const [column, columnWeight] of across[x]!) {
            const source = (1 + row * fromColumns + column) * width;
            const weight = rowWeight * columnWeight;
            for (let d = 0; d < width; d++) result[target + d]! += weight * stored[source + d]!;
          }
        }
      }
    }
    return result;
  }
}
