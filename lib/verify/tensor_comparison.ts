/** The comparison of one tensor. */
export type TensorComparison =
  | {
    readonly status: "ok" | "FAIL";
    /** Name of file and tensor, such as "vae tiny.latents". */
    readonly name: string;
    /** Max absolute difference. */
    readonly maxAbs: number;
    /** Norm of the difference, divided by the norm of the expected tensor. */
    readonly relative: number;
    /** Why the tensor could not be compared. */
    readonly reason?: string;
  }
  | {
    readonly status: "skipped";
    readonly name: string;
    /** Why it was skipped. */
    readonly reason: string;
  };

/** Tolerance of a comparison: one of the two limits must hold. */
export interface Limit {
  /** Max absolute difference. */
  readonly maxAbs?: number;
  /**
   * Max norm of the difference, divided by the norm of the expected tensor. Since a norm hides
   * outliers, no value may differ by more than ten times this share of the max expected magnitude.
   */
  readonly relative?: number;
}

/** For integers and results of integer arithmetic. */
export const EXACT: Limit = { maxAbs: 0 };

/** For kernels. float32 has seven digits, so large values cannot agree within 1e-5. */
export const KERNEL: Limit = { maxAbs: 1e-5, relative: 1e-6 };

/** For networks: each value is a sum of thousands of products, over many layers. */
export const NETWORK: Limit = { relative: 1e-3 };

/** Max difference of one value, in relative limits times the max magnitude. */
const OUTLIER_FACTOR = 10;

/** Compares values with expected ones; NaN fails. */
export function compareValues(
  name: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  limit: Limit,
): TensorComparison {
  if (actual.length !== expected.length) {
    return failure(name, `expected ${expected.length} values, got ${actual.length}`);
  }
  let maxAbs = 0, maxExpected = 0, difference = 0, norm = 0;
  for (let i = 0; i < expected.length; i++) {
    const distance = Math.abs(actual[i]! - expected[i]!);
    // Math.max propagates NaN.
    maxAbs = Math.max(maxAbs, distance);
    maxExpected = Math.max(maxExpected, Math.abs(expected[i]!));
    difference += distance ** 2;
    norm += expected[i]! ** 2;
  }
  const relative = difference === 0 ? 0 : Math.sqrt(difference / norm);
  const isNear = maxAbs <= (limit.maxAbs ?? -1);
  const { relative: maxRelative = -1 } = limit;
  const isSimilar = relative <= maxRelative &&
    maxAbs <= OUTLIER_FACTOR * maxRelative * maxExpected;
  return { status: isNear || isSimilar ? "ok" : "FAIL", name, maxAbs, relative };
}

/** Returns the comparison of a tensor that could not be compared. */
export function failure(name: string, reason: string): TensorComparison {
  return { status: "FAIL", name, maxAbs: NaN, relative: NaN, reason };
}

/** Yields comparisons; an error becomes a failure, so that the others still follow. */
export async function* orFailure(
  name: string,
  compare: () => AsyncIterable<TensorComparison>,
): AsyncGenerator<TensorComparison> {
  try {
    yield* compare();
  } catch (error) {
    yield failure(name, error instanceof Error ? error.message : String(error));
  }
}
