import { shapeSize } from "../../kernels/gpu/shape_size.ts";
import { floatView } from "../weights/float_view.ts";
import type { WeightEntry } from "../weights/weight_source.ts";

/** A matrix whose rows are read or computed on demand. */
export interface Matrix {
  /** Number of rows. */
  readonly rows: number;
  /** Values in a row. */
  readonly columns: number;
  /** Returns rows, row-major. They may share memory with a file: do not write. */
  read(firstRow: number, endRow: number): Float32Array;
}

/** Views a tensor [O, ...] as a matrix with O rows. */
export function matrixOf(entry: WeightEntry): Matrix {
  const [rows = 1, ...row] = entry.shape;
  const columns = shapeSize(row);
  return {
    rows,
    columns,
    read: (first, end) =>
      floatView(entry.read("float32", first * columns, (end - first) * columns)),
  };
}

/** Multiplies matrices: [O, R] times [R, N] -> [O, N]. */
export function multiply(left: Matrix, right: Matrix): Matrix {
  const { rows: ranks, columns } = right;
  return {
    rows: left.rows,
    columns,
    read(first, end) {
      const lefts = left.read(first, end);
      const rights = right.read(0, ranks);
      const product = new Float32Array((end - first) * columns);
      for (let row = 0; row < end - first; row++) {
        for (let r = 0; r < ranks; r++) {
          const factor = lefts[row * ranks + r]!;
          const to = row * columns;
          for (let i = 0; i < columns; i++) product[to + i]! += factor * rights[r * columns + i]!;
        }
      }
      return product;
    },
  };
}

/** Exchanges rows and columns. The matrix is read whole. */
export function transpose(matrix: Matrix): Matrix {
  const { rows, columns } = matrix;
  return {
    rows: columns,
    columns: rows,
    read(first, end) {
      const values = matrix.read(0, rows);
      const turned = new Float32Array((end - first) * rows);
      for (let row = first; row < end; row++) {
        for (let i = 0; i < rows; i++) {
          turned[(row - first) * rows + i] = values[i * columns + row]!;
        }
      }
      return turned;
    },
  };
}

/**
 * Composes the inner factors of a Tucker decomposition: a kernel [R, S, K...] after a 1x1
 * convolution [S, I] -> [R, I K], the kernel's values last.
 */
export function applyKernel(kernel: WeightEntry, inner: Matrix): Matrix {
  const [ranks = 0, innerRanks = 0, ...kernelShape] = kernel.shape;
  const taps = shapeSize(kernelShape);
  const columns = inner.columns * taps;
  return {
    rows: ranks,
    columns,
    read(first, end) {
      const size = innerRanks * taps;
      const kernels = floatView(kernel.read("float32", first * size, (end - first) * size));
      const inners = inner.read(0, innerRanks);
      const composed = new Float32Array((end - first) * columns);
      for (let row = 0; row < end - first; row++) {
        for (let s = 0; s < innerRanks; s++) {
          for (let k = 0; k < taps; k++) {
            const factor = kernels[row * size + s * taps + k]!;
            for (let i = 0; i < inner.columns; i++) {
              composed[row * columns + i * taps + k]! += factor * inners[s * inner.columns + i]!;
            }
          }
        }
      }
      return composed;
    },
  };
}
