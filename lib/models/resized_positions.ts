import { bytesPerFloat, type FloatType } from "../weights/float16.ts";
import type { WeightEntry } from "../weights/state_dict.ts";

/** Height and width of a grid of patches. */
export type PatchGrid = readonly [rows: number, columns: number];

/** Sharpness of the cubic. Source: torch's `interpolate(mode="bicubic")`. */
const CUBIC_A = -0.75;

/**
 * Embeddings of places [1, 1 + P, D] for another grid of patches, by bicubic interpolation; the
 * first one, of the class token, stays as it is.
 *
 * Source: `Dinov2Embeddings.interpolate_pos_encoding` of transformers (align_corners false, no
 * antialiasing); Keys 1981, "Cubic convolution interpolation for digital image processing".
 */
export class ResizedPositions implements WeightEntry {
  /** Key of the weight, with an ending. */
  readonly key: string;
  /** Shape [1, 1 + rows * columns, D]. */
  readonly shape: readonly number[];
  /** Type of the stored weight. */
  readonly dtype: WeightEntry["dtype"];
  readonly #entry: WeightEntry;
  readonly #from: PatchGrid;
  readonly #to: PatchGrid;

  /** Shows a weight resized; it is read when this is. */
  constructor(entry: WeightEntry, from: PatchGrid, to: PatchGrid) {
    this.key = `${entry.key}.${to.join("x")}`;
    this.shape = [1, 1 + to[0] * to[1], entry.shape.at(-1)!];
    this.dtype = entry.dtype;
    this.#entry = entry;
    this.#from = from;
    this.#to = to;
  }

  /** Reads resized values; each call reads the whole weight. */
  read(type: FloatType, start = 0, count?: number): Uint8Array<ArrayBuffer> {
    const resized = this.#resize();
    const values = type === "float32" ? resized : new Float16Array(resized);
    const size = bytesPerFloat(type);
    const end = count === undefined ? values.length : start + count;
    return new Uint8Array(values.buffer, start * size, (end - start) * size);
  }

  #resize(): Float32Array<ArrayBuffer> {
    const width = this.shape[2]!;
    const [fromRows, fromColumns] = this.#from;
    const [rows, columns] = this.#to;
    const stored = new Float32Array(this.#entry.read("float32").slice().buffer);
    const result = new Float32Array((1 + rows * columns) * width);
    result.set(stored.subarray(0, width));
    const down = cubicTaps(fromRows, rows);
    const across = cubicTaps(fromColumns, columns);
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

/** For each new place, four old ones and their weights; those beyond the edge are the edge. */
function cubicTaps(from: number, to: number): (readonly [index: number, weight: number])[][] {
  return Array.from({ length: to }, (_, i) => {
    const center = (i + 0.5) * from / to - 0.5;
    const first = Math.floor(center) - 1;
    return [0, 1, 2, 3].map((k) => {
      const index = Math.min(from - 1, Math.max(0, first + k));
      return [index, cubic(Math.abs(center - first - k))] as const;
    });
  });
}

/** The cubic at a distance in [0, 2]. */
function cubic(d: number): number {
  const a = CUBIC_A;
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
}
