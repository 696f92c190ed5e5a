import { floatView } from "../weights/float_view.ts";
import type { WeightEntry } from "../weights/weight_source.ts";
import { type WeightChange, type WeightRange, withoutOnes } from "./weight_change.ts";

/** Ranks that are added in one pass, so that sums are read and written less often. */
const BLOCK_RANKS = 4;

/**
 * The change `factor` · up · down of a LoRA.
 *
 * Source: Hu et al. 2021, https://arxiv.org/abs/2106.09685, section 4.1.
 */
export class LowRankProduct implements WeightChange {
  readonly tensors: readonly WeightEntry[];
  readonly #down: WeightEntry;
  readonly #up: WeightEntry;
  /** alpha / R. */
  readonly factor: number;

  /**
   * Takes the factors.
   *
   * @param up O R values, in rows of R.
   * @param down Shape [R, ...], with as many values in a row as the weight has.
   * @param factor alpha / R.
   */
  constructor(up: WeightEntry, down: WeightEntry, factor: number) {
    this.tensors = [up, down];
    this.#up = up;
    this.#down = down;
    this.factor = factor;
  }

  fits(shape: readonly number[]): boolean {
    const [outputs, ...row] = withoutOnes(shape);
    const [rank, ...downRow] = withoutOnes(this.#down.shape);
    const [upOutputs, ...upRow] = withoutOnes(this.#up.shape);
    return row.join() === downRow.join() && outputs === upOutputs && upRow.length === 1 &&
      upRow[0] === rank;
  }

  add(values: Float32Array, { start, rowSize }: WeightRange, scale: number): void {
    const factor = scale * this.factor;
    const rank = this.#down.shape[0]!;
    const end = start + values.length;
    const firstRow = Math.floor(start / rowSize);
    const endRow = Math.ceil(end / rowSize);
    const count = (endRow - firstRow) * rank;
    const ups = floatView(this.#up.read("float32", firstRow * rank, count));
    // The rank is padded with zeros to whole blocks.
    const blocks = Math.ceil(rank / BLOCK_RANKS);
    const downs = new Float32Array(blocks * BLOCK_RANKS * rowSize);
    downs.set(floatView(this.#down.read("float32")));
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
}
