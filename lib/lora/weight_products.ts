import { shapeSize } from "../../kernels/gpu/shape_size.ts";
import { floatView } from "../weights/float_view.ts";
import type { WeightEntry } from "../weights/weight_source.ts";
import { matrixOf, multiply } from "./matrices.ts";
import type { FactorOf, LoraEntries } from "./lycoris.ts";
import type { WeightChange, WeightRange } from "./weight_change.ts";

/**
 * Joins the tensors of a module of GLoRA or (IA)^3: undefined if it is none.
 *
 * @param factorOf Strength of a module by its rank.
 */
export function joinWeightProduct(
  { a1, a2, b1, b2, vector, onInput, alpha: _, ...rest }: LoraEntries,
  factorOf: FactorOf,
): WeightChange | undefined {
  if (Object.keys(rest).length > 0) return undefined;
  if (vector && onInput) return new OutputProduct(vector, onInput);
  return a1 && a2 && b1 && b2 ? new GeneralLowRank({ a1, a2, b1, b2 }, factorOf) : undefined;
}

/**
 * A generalized LoRA: W changes by W A1 A2 + B1 B2.
 *
 * Source: Chavan et al. 2023, https://arxiv.org/abs/2306.07967; the factors as in LyCORIS'
 * `GLoRAModule`.
 */
class GeneralLowRank implements WeightChange {
  readonly tensors: readonly WeightEntry[];
  readonly #parts: Readonly<Record<"a1" | "a2" | "b1" | "b2", WeightEntry>>;
  readonly #factor: number;

  constructor(
    parts: Readonly<Record<"a1" | "a2" | "b1" | "b2", WeightEntry>>,
    factorOf: FactorOf,
  ) {
    this.tensors = Object.values(parts);
    this.#parts = parts;
    this.#factor = factorOf(parts.a2.shape[0]);
  }

  fits(shape: readonly number[]): boolean {
    const [outputs = 0, inputs = 0] = shape;
    const { a1, a2, b1, b2 } = this.#parts;
    const rank = a2.shape[0]!;
    return shapeSize(a1.shape) === inputs * rank && a1.shape[0] === inputs &&
      shapeSize(a2.shape) === rank * inputs &&
      b1.shape[0] === outputs && shapeSize(b1.shape) === outputs * rank &&
      b2.shape[0] === rank && shapeSize(b2.shape) === rank * shapeSize(shape.slice(1));
  }

  add(
    values: Float32Array,
    { start, rowSize }: WeightRange,
    scale: number,
    weight: WeightEntry,
  ): void {
    const { a1, a2, b1, b2 } = this.#parts;
    const [first, end] = [
      Math.floor(start / rowSize),
      Math.ceil((start + values.length) / rowSize),
    ];
    const added = multiply(matrixOf(b1), matrixOf(b2)).read(first, end);
    const rows = floatView(weight.read("float32", first * rowSize, (end - first) * rowSize));
    const [lefts, rights] = [a1, a2].map((entry) => floatView(entry.read("float32")));
    const inputs = a1.shape[0]!;
    const ranks = a2.shape[0]!;
    const taps = rowSize / inputs;
    const factor = scale * this.#factor;
    const offset = start - first * rowSize;
    for (let row = first; row < end; row++) {
      const own = rows.subarray((row - first) * rowSize, (row - first + 1) * rowSize);
      const inner = multiplyRow(own, lefts!, { inputs, ranks, taps });
      const product = multiplyRow(inner, rights!, { inputs: ranks, ranks: inputs, taps });
      for (let column = 0; column < rowSize; column++) {
        const at = (row - first) * rowSize + column;
        const to = at - offset;
        if (to < 0 || to >= values.length) continue;
        values[to]! += factor * (added[at]! + product[column]!);
      }
    }
  }
}

/**
 * (IA)^3: each output or each input of a weight changes by a factor.
 *
 * Source: Liu et al. 2022, https://arxiv.org/abs/2205.05638; as in LyCORIS' `IA3Module`.
 */
class OutputProduct implements WeightChange {
  readonly tensors: readonly WeightEntry[];
  readonly #vector: WeightEntry;
  readonly #onInput: WeightEntry;

  constructor(vector: WeightEntry, onInput: WeightEntry) {
    this.tensors = [onInput, vector];
    this.#vector = vector;
    this.#onInput = onInput;
  }

  fits(shape: readonly number[]): boolean {
    return shapeSize(this.#vector.shape) === shape[this.#isInput ? 1 : 0];
  }

  add(
    values: Float32Array,
    { start, rowSize }: WeightRange,
    scale: number,
    weight: WeightEntry,
  ): void {
    const factors = floatView(this.#vector.read("float32"));
    const base = floatView(weight.read("float32", start, values.length));
    const taps = this.#isInput ? rowSize / factors.length : 1;
    for (let i = 0; i < values.length; i++) {
      const at = start + i;
      const index = this.#isInput ? Math.floor(at % rowSize / taps) : Math.floor(at / rowSize);
      values[i]! += scale * factors[index]! * base[i]!;
    }
  }

  get #isInput(): boolean {
    return floatView(this.#onInput.read("float32"))[0] !== 0;
  }
}

/** Multiplies a row [I, K] of a kernel by a matrix [I, R] for each of K taps: [R, K]. */
function multiplyRow(
  row: Float32Array,
  matrix: Float32Array,
  { inputs, ranks, taps }: {
    readonly inputs: number;
    readonly ranks: number;
    readonly taps: number;
  },
): Float32Array {
  const product = new Float32Array(ranks * taps);
  for (let input = 0; input < inputs; input++) {
    for (let rank = 0; rank < ranks; rank++) {
      const factor = matrix[input * ranks + rank]!;
      for (let tap = 0; tap < taps; tap++) {
        product[rank * taps + tap]! += factor * row[input * taps + tap]!;
      }
    }
  }
  return product;
}
