import { shapeSize } from "../../kernels/gpu/shape_size.ts";
import { convertFloats, type FloatType } from "../weights/float16.ts";
import type { WeightEntry } from "../weights/weight_source.ts";

/** Factors of what is added to a weight. */
export interface LowRankUpdate {
  /** Shape [R, ...], with as many values in a row as the weight has. */
  readonly down: WeightEntry;
  /** O R values, in rows of R. */
  readonly up: WeightEntry;
  /** Number that the product is multiplied with. */
  readonly factor: number;
}

/** Ranks that are added together, so that sums are read and written less often. */
const BLOCK_RANKS = 4;

/**
 * A weight [O, ...] with LoRAs merged into it: W + Σ factor · up · down.
 *
 * It is merged whenever it is read, for the rows that are read: no merged copy is kept.
 *
 * Source: Hu et al. 2021, https://arxiv.org/abs/2106.09685, section 4.1.
 */
export class LoraWeight implements WeightEntry {
  /** Key of the weight. */
  readonly key: string;
  /** Shape of the weight. */
  readonly shape: readonly number[];
  /** Type in which the weight alone is stored. */
  readonly dtype: WeightEntry["dtype"];
  readonly #entry: WeightEntry;
  readonly #updates: readonly LowRankUpdate[];

  /** Shows a weight with updates; the shapes have been checked. */
  constructor(entry: WeightEntry, updates: readonly LowRankUpdate[]) {
    this.key = entry.key;
    this.shape = entry.shape;
    this.dtype = entry.dtype;
    this.#entry = entry;
    this.#updates = updates;
  }

  /** Reads merged values; they are rounded once, at the end. */
  read(type: FloatType, start = 0, count?: number): Uint8Array<ArrayBuffer> {
    const values = floatsOf(this.#entry.read("float32", start, count));
    const rowSize = shapeSize(this.shape.slice(1));
    for (const update of this.#updates) addProduct(values, update, { start, rowSize });
    return convertFloats(new Uint8Array(values.buffer), "F32", type);
  }
}

/** Copies values, which may be those of the file. */
function floatsOf(bytes: Uint8Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  return new Float32Array(bytes.slice().buffer);
}

/**
 * Adds a product to a part of a weight.
 *
 * @param values The part; changed.
 * @param part.start Index of its first value in the weight.
 * @param part.rowSize Values of the weight for each of its O rows.
 */
function addProduct(
  values: Float32Array,
  { down, up, factor }: LowRankUpdate,
  part: { readonly start: number; readonly rowSize: number },
): void {
  const { start, rowSize } = part;
  const rank = down.shape[0]!;
  const end = start + values.length;
  const firstRow = Math.floor(start / rowSize);
  const endRow = Math.ceil(end / rowSize);
  const ups = floatsOf(up.read("float32", firstRow * rank, (endRow - firstRow) * rank));
  // Ranks are filled up with zeros to whole blocks.
  const blocks = Math.ceil(rank / BLOCK_RANKS);
  const downs = new Float32Array(blocks * BLOCK_RANKS * rowSize);
  downs.set(floatsOf(down.read("float32")));
  for (let row = firstRow; row < endRow; row++) {
    const from = Math.max(start, row * rowSize);
    const count = Math.min(end, (row + 1) * rowSize) - from;
    const target = from - start;
    for (let r = 0; r < rank; r += BLOCK_RANKS) {
      const i = (row - firstRow) * rank + r;
      const scaled = (k: number) => r + k < rank ? factor * ups[i + k]! : 0;
      const [a, b, c, d] = [scaled(0), scaled(1), scaled(2), scaled(3)];
      let source = r * rowSize + from - row * rowSize;
      for (let x = target; x < target + count; x++, source++) {
        values[x]! += a * downs[source]! + b * downs[source + rowSize]! +
          c * downs[source + 2 * rowSize]! + d * downs[source + 3 * rowSize]!;
      }
    }
  }
}
