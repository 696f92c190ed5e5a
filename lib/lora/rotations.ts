import { shapeSize } from "../../kernels/gpu/shape_size.ts";
import { floatView } from "../weights/float_view.ts";
import type { WeightEntry } from "../weights/weight_source.ts";
import type { LoraEntries } from "./lycoris.ts";
import type { WeightChange, WeightRange } from "./weight_change.ts";

/** Added to a norm before it divides. Source: LyCORIS. */
const EPSILON = 1e-8;

/** The tensors of a rotation. */
interface RotationParts {
  /** Skew parts of the rotations, [n, b, b] or [m, n, b, b]. */
  readonly blocks: WeightEntry;
  /** Factor of each output; undefined for none. */
  readonly rescale: WeightEntry | undefined;
  /** Max norm of all skew parts for each output; 0 for no limit. */
  readonly constraint: number;
}

/**
 * Joins the tensors of a module of OFT or BOFT: undefined if it is none.
 *
 * @param constraint The value of `alpha`, which is a limit here and no strength.
 */
export function joinRotation(
  { blocks, rescale, alpha: _, ...rest }: LoraEntries,
  constraint: number,
): WeightChange | undefined {
  if (!blocks || Object.keys(rest).length > 0) return undefined;
  const [rows, columns] = blocks.shape.slice(-2);
  if (rows !== columns) return undefined;
  const parts = { blocks, rescale, constraint };
  if (blocks.shape.length === 3) return new BlockRotation(parts);
  return blocks.shape.length === 4 ? new ButterflyRotation(parts) : undefined;
}

/** What both kinds have. */
abstract class Rotation {
  readonly tensors: readonly WeightEntry[];
  /** Number of blocks of a factor, n. */
  protected readonly count: number;
  /** Rows of a block, b. */
  protected readonly size: number;
  readonly #parts: RotationParts;
  #rotations: Float64Array | undefined;

  constructor(parts: RotationParts) {
    const { blocks, rescale } = parts;
    this.tensors = rescale ? [rescale, blocks] : [blocks];
    [this.count, this.size] = blocks.shape.slice(-3) as [number, number];
    this.#parts = parts;
  }

  fits(shape: readonly number[]): boolean {
    const { rescale } = this.#parts;
    const rows = shape[0]!;
    return this.count * this.size === rows && (!rescale || shapeSize(rescale.shape) === rows);
  }

  /** Orthogonal matrices of all blocks, each [b, b]. They are computed once. */
  protected get rotations(): Float64Array {
    const { blocks, constraint } = this.#parts;
    this.#rotations ??= cayley(floatView(blocks.read("float32")), {
      size: this.size,
      limit: constraint * this.count * this.size,
    });
    return this.#rotations;
  }

  /** Returns the factors of some outputs. */
  protected factors(first: number, end: number): Float32Array {
    const { rescale } = this.#parts;
    if (!rescale) return new Float32Array(end - first).fill(1);
    return floatView(rescale.read("float32", first, end - first));
  }
}

/**
 * Orthogonal finetuning: each block of outputs is rotated, W_k becomes R_k^T W_k.
 *
 * Source: Qiu et al. 2023, https://arxiv.org/abs/2306.07280; which axis, the strength and
 * `rescale` as in LyCORIS' `DiagOFTModule`.
 */
class BlockRotation extends Rotation implements WeightChange {
  add(
    values: Float32Array,
    { start, rowSize }: WeightRange,
    scale: number,
    weight: WeightEntry,
  ): void {
    const { size, rotations } = this;
    const [first, end] = [
      Math.floor(start / rowSize),
      Math.ceil((start + values.length) / rowSize),
    ];
    const factors = this.factors(first, end);
    const from = Math.floor(first / size) * size;
    const to = Math.ceil(end / size) * size;
    const rows = floatView(weight.read("float32", from * rowSize, (to - from) * rowSize));
    for (let i = 0; i < values.length; i++) {
      const row = Math.floor((start + i) / rowSize);
      const column = (start + i) % rowSize;
      const block = Math.floor(row / size);
      let rotated = 0;
      for (let n = 0; n < size; n++) {
        const rotation = rotations[(block * size + n) * size + row % size]!;
        rotated += rotation * rows[(block * size - from + n) * rowSize + column]!;
      }
      const own = rows[(row - from) * rowSize + column]!;
      const factor = factors[row - first]!;
      values[i]! += factor * scale * (rotated - own) + (factor - 1) * own;
    }
  }
}

/** A weight after a rotation, kept while its parts are read one by one. */
interface RotatedWeight {
  readonly owner: ButterflyRotation;
  readonly weight: WeightEntry;
  readonly scale: number;
  readonly rows: Float32Array;
}

/**
 * Orthogonal finetuning by butterflies: several rotations one after the other, each of other pairs
 * of outputs.
 *
 * Source: Liu et al. 2023, https://arxiv.org/abs/2311.06243; LyCORIS' `ButterflyOFTModule`.
 */
class ButterflyRotation extends Rotation implements WeightChange {
  /** Only one: each is as large as its weight. */
  static #last: RotatedWeight | undefined;

  override fits(shape: readonly number[]): boolean {
    const span = 2 ** this.#levels * (this.size / 2);
    return this.size % 2 === 0 && super.fits(shape) && shape[0]! % span === 0;
  }

  add(
    values: Float32Array,
    { start, rowSize }: WeightRange,
    scale: number,
    weight: WeightEntry,
  ): void {
    const rows = this.#rotate(weight, rowSize, scale);
    const first = Math.floor(start / rowSize);
    const factors = this.factors(first, Math.ceil((start + values.length) / rowSize));
    const base = floatView(weight.read("float32", start, values.length));
    for (let i = 0; i < values.length; i++) {
      const factor = factors[Math.floor((start + i) / rowSize) - first]!;
      values[i]! += factor * rows[start + i]! - base[i]!;
    }
  }

  /** Number of rotations, m. */
  get #levels(): number {
    return this.rotations.length / (this.count * this.size * this.size);
  }

  #rotate(weight: WeightEntry, rowSize: number, scale: number): Float32Array {
    const last = ButterflyRotation.#last;
    if (last?.owner === this && last.weight === weight && last.scale === scale) return last.rows;
    const rows = floatView(weight.read("float32")).slice();
    for (let level = 0; level < this.#levels; level++) {
      for (let block = 0; block < this.count; block++) {
        this.#rotateBlock(rows, { level, block, rowSize, scale });
      }
    }
    ButterflyRotation.#last = { owner: this, weight, scale, rows };
    return rows;
  }

  /** Rotates the rows of one block in place. */
  #rotateBlock(
    rows: Float32Array,
    { level, block, rowSize, scale }: {
      readonly level: number;
      readonly block: number;
      readonly rowSize: number;
      readonly scale: number;
    },
  ): void {
    const { size, count, rotations } = this;
    const half = 2 ** level * size / 2;
    const offset = (level * count + block) * size * size;
    // Pairs of rows at a distance of `half` become neighbors.
    const slots = Array.from({ length: size }, (_, i) => {
      const at = block * size + i;
      const group = Math.floor(at / (2 * half));
      const inner = at % (2 * half);
      return group * 2 * half + (inner % 2) * half + Math.floor(inner / 2);
    });
    for (let column = 0; column < rowSize; column++) {
      const old = slots.map((row) => rows[row * rowSize + column]!);
      for (const [i, row] of slots.entries()) {
        let rotated = 0;
        for (let j = 0; j < size; j++) rotated += rotations[offset + i * size + j]! * old[j]!;
        rows[row * rowSize + column] = scale * rotated + (1 - scale) * old[i]!;
      }
    }
  }
}

/** Returns the rotation (I + Q) (I - Q)^-1 of each block B, with Q = B - B^T of limited norm. */
function cayley(
  blocks: Float32Array,
  { size, limit }: { readonly size: number; readonly limit: number },
): Float64Array {
  const area = size * size;
  const skew = Float64Array.from(blocks, (value, at) => {
    const [block, row, column] = [at - at % area, Math.floor(at % area / size), at % size];
    return value - blocks[block + column * size + row]!;
  });
  const norm = Math.sqrt(skew.reduce((sum, value) => sum + value * value, 0)) + EPSILON;
  const factor = limit > 0 && norm > limit ? limit / norm : 1;
  const rotations = new Float64Array(skew.length);
  for (let start = 0; start < skew.length; start += area) {
    const q = skew.subarray(start, start + area).map((value) => factor * value);
    const identity = (at: number) => at % (size + 1) === 0 ? 1 : 0;
    const inverse = invert(q.map((value, at) => identity(at) - value), size);
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) {
        let sum = 0;
        for (let i = 0; i < size; i++) {
          sum += (q[row * size + i]! + (row === i ? 1 : 0)) * inverse[i * size + column]!;
        }
        rotations[start + row * size + column] = sum;
      }
    }
  }
  return rotations;
}

/** Inverts a matrix [n, n] by Gauss-Jordan elimination; I - Q of a skew Q always has an inverse. */
function invert(matrix: Float64Array, n: number): Float64Array {
  const left = matrix.slice();
  const right = Float64Array.from({ length: n * n }, (_, at) => at % (n + 1) === 0 ? 1 : 0);
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let row = column + 1; row < n; row++) {
      if (Math.abs(left[row * n + column]!) > Math.abs(left[pivot * n + column]!)) pivot = row;
    }
    for (const half of [left, right]) {
      for (let i = 0; i < n; i++) {
        const [a, b] = [column * n + i, pivot * n + i];
        [half[a], half[b]] = [half[b]!, half[a]!];
      }
    }
    const divisor = left[column * n + column]!;
    for (let i = 0; i < n; i++) {
      left[column * n + i]! /= divisor;
      right[column * n + i]! /= divisor;
    }
    for (let row = 0; row < n; row++) {
      const factor = left[row * n + column]!;
      if (row === column || factor === 0) continue;
      for (let i = 0; i < n; i++) {
        left[row * n + i]! -= factor * left[column * n + i]!;
        right[row * n + i]! -= factor * right[column * n + i]!;
      }
    }
  }
  return right;
}
