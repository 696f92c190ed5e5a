import type { WeightEntry } from "../weights/weight_source.ts";
import type { LoraPart } from "./lora_names.ts";
import { applyKernel, type Matrix, matrixOf, multiply, transpose } from "./matrices.ts";
import { hadamard, kronecker, MatrixChange } from "./matrix_change.ts";
import type { WeightChange } from "./weight_change.ts";

/** Tensors of a module by what they are. */
export type LoraEntries = Partial<Record<LoraPart, WeightEntry>>;

/**
 * Returns the strength of a module whose factors have a rank.
 *
 * @param rank Undefined for factors without a rank, which are not scaled.
 */
export type FactorOf = (rank: number | undefined) => number;

/**
 * Joins the tensors of a module of LyCORIS: LoHa, LoKr, or LoRA of a convolution with a kernel in
 * the middle. Undefined if it is none of these, or tensors are missing.
 *
 * Source: https://github.com/KohakuBlueleaf/LyCORIS, lycoris/functional.
 */
export function joinLycoris(entries: LoraEntries, factorOf: FactorOf): WeightChange | undefined {
  return joinHadamard(entries, factorOf) ?? joinKronecker(entries, factorOf) ??
    joinKernel(entries, factorOf);
}

function joinHadamard(entries: LoraEntries, factorOf: FactorOf): WeightChange | undefined {
  const { w1a, w1b, w2a, w2b, t1, t2 } = entries;
  if (!w1a || !w1b || !w2a || !w2b || (t1 === undefined) !== (t2 === undefined)) return undefined;
  const matrix = hadamard(lowRank(w1a, w1b, t1), lowRank(w2a, w2b, t2));
  const tensors = [w1a, w1b, w2a, w2b, ...t1 && t2 ? [t1, t2] : []];
  return new MatrixChange(matrix, factorOf(w1b.shape[0]), tensors);
}

/** With a kernel, the outer factor [R, O] is stored transposed. */
function lowRank(outer: WeightEntry, inner: WeightEntry, kernel: WeightEntry | undefined): Matrix {
  if (!kernel) return multiply(matrixOf(outer), matrixOf(inner));
  return multiply(transpose(matrixOf(outer)), applyKernel(kernel, matrixOf(inner)));
}

function joinKronecker(entries: LoraEntries, factorOf: FactorOf): WeightChange | undefined {
  const { k1, k1a, k1b, k2, k2a, k2b, kt2 } = entries;
  const left = k1 ? matrixOf(k1) : k1a && k1b && multiply(matrixOf(k1a), matrixOf(k1b));
  const right = k2 ? matrixOf(k2) : k2a && k2b && lowRank(k2a, k2b, kt2);
  if (!left || !right) return undefined;
  const tensors = [k1, k1a, k1b, k2, k2a, k2b, kt2].filter((entry) => entry !== undefined);
  // Factors that are stored whole have no rank.
  return new MatrixChange(kronecker(left, right), factorOf((k1b ?? k2b)?.shape[0]), tensors);
}

function joinKernel(
  { up, down, mid }: LoraEntries,
  factorOf: FactorOf,
): WeightChange | undefined {
  if (!up || !down || !mid) return undefined;
  const matrix = multiply(matrixOf(up), applyKernel(mid, matrixOf(down)));
  return new MatrixChange(matrix, factorOf(down.shape[0]), [up, down, mid]);
}
