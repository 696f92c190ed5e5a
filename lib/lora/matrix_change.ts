import { shapeSize } from "../../kernels/gpu/shape_size.ts";
import type { WeightEntry } from "../weights/weight_source.ts";
import type { Matrix } from "./matrices.ts";
import type { WeightChange, WeightRange } from "./weight_change.ts";

/** A change that is a matrix [O, ...] times a factor; its rows are computed when they are read. */
export class MatrixChange implements WeightChange {
  readonly tensors: readonly WeightEntry[];
  readonly #matrix: Matrix;
  readonly #factor: number;

  /** Takes the matrix, and the tensors from which it is computed. */
  constructor(matrix: Matrix, factor: number, tensors: readonly WeightEntry[]) {
    this.tensors = tensors;
    this.#matrix = matrix;
    this.#factor = factor;
  }

  fits(shape: readonly number[]): boolean {
    const { rows, columns } = this.#matrix;
    return shape[0] === rows && shapeSize(shape.slice(1)) === columns;
  }

  add(values: Float32Array, { start, rowSize }: WeightRange, scale: number): void {
    const factor = scale * this.#factor;
    const first = Math.floor(start / rowSize);
    const end = Math.ceil((start + values.length) / rowSize);
    const added = this.#matrix.read(first, end);
    const offset = start - first * rowSize;
    for (let i = 0; i < values.length; i++) values[i]! += factor * added[offset + i]!;
  }
}

/**
 * Multiplies matrices of the same size value by value.
 *
 * Source: Hyeon-Woo et al. 2021, https://arxiv.org/abs/2108.06098, section 3 (LoHa).
 */
export function hadamard(left: Matrix, right: Matrix): Matrix {
  return {
    rows: left.rows,
    columns: left.columns,
    read(first, end) {
      const rights = right.read(first, end);
      return left.read(first, end).map((value, i) => value * rights[i]!);
    },
  };
}

/**
 * Returns the Kronecker product of matrices: [A, B] and [C, D] -> [A C, B D].
 *
 * Source: Edalati et al. 2022, https://arxiv.org/abs/2212.10650 (LoKr).
 */
export function kronecker(left: Matrix, right: Matrix): Matrix {
  const columns = left.columns * right.columns;
  return {
    rows: left.rows * right.rows,
    columns,
    read(first, end) {
      const lefts = left.read(0, left.rows);
      const rights = right.read(0, right.rows);
      const product = new Float32Array((end - first) * columns);
      for (let row = first; row < end; row++) {
        const [a, c] = [Math.floor(row / right.rows), row % right.rows];
        for (let b = 0; b < left.columns; b++) {
          const factor = lefts[a * left.columns + b]!;
          const to = (row - first) * columns + b * right.columns;
          for (let d = 0; d < right.columns; d++) {
            product[to + d] = factor * rights[c * right.columns + d]!;
          }
        }
      }
      return product;
    },
  };
}
