/** The comparison of one tensor. */
export type VerifyLine =
  | {
    readonly status: "ok" | "FAIL";
    /** Name of file and tensor, such as "vae tiny.latents". */
    readonly name: string;
    /** Greatest absolute difference. */
    readonly maxAbs: number;
    /** Norm of the difference over the norm of the expected tensor. */
    readonly relative: number;
    /** Why nothing could be compared. */
    readonly reason?: string;
  }
  | {
    readonly status: "skipped";
    readonly name: string;
    /** Why. */
    readonly reason: string;
  };

/** How far a tensor may be off: it is enough if one of both limits is kept. */
export interface Limit {
  /** Greatest absolute difference. */
  readonly maxAbs?: number;
  /**
   * Norm of the difference over the norm of the expected tensor. Since a norm hides outliers, no
   * value may be off by more than ten times this part of the greatest expected magnitude.
   */
  readonly relative?: number;
}

/** Integers, and what is computed in integers. */
export const EXACT: Limit = { maxAbs: 0 };

/** Kernels: float32 has seven digits, so values far above 1 cannot be as near as 1e-5. */
export const KERNEL: Limit = { maxAbs: 1e-5, relative: 1e-6 };

/** Networks: thousands of products are added up for each value, layer after layer. */
export const NETWORK: Limit = { relative: 1e-3 };

/** Share of the greatest magnitude that one value may be off, in relative limits. */
const OUTLIER_FACTOR = 10;

/** Compares values with those expected; NaN agrees with nothing. */
export function compareValues(
  name: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  limit: Limit,
): VerifyLine {
  if (actual.length !== expected.length) {
    return failure(name, `expected ${expected.length} values, got ${actual.length}`);
  }
  let maxAbs = 0, greatest = 0, difference = 0, norm = 0;
  for (let i = 0; i < expected.length; i++) {
    const distance = Math.abs(actual[i]! - expected[i]!);
    // Math.max keeps a NaN.
    maxAbs = Math.max(maxAbs, distance);
    greatest = Math.max(greatest, Math.abs(expected[i]!));
    difference += distance ** 2;
    norm += expected[i]! ** 2;
  }
  const relative = difference === 0 ? 0 : Math.sqrt(difference / norm);
  const isNear = maxAbs <= (limit.maxAbs ?? -1);
  const { relative: part = -1 } = limit;
  const isAlike = relative <= part && maxAbs <= OUTLIER_FACTOR * part * greatest;
  return { status: isNear || isAlike ? "ok" : "FAIL", name, maxAbs, relative };
}

/** Returns the line of something that could not be compared. */
export function failure(name: string, reason: string): VerifyLine {
  return { status: "FAIL", name, maxAbs: NaN, relative: NaN, reason };
}

/** Passes lines on; an error becomes a line too, so that the rest is still compared. */
export async function* orFailure(
  name: string,
  compare: () => AsyncIterable<VerifyLine>,
): AsyncGenerator<VerifyLine> {
  try {
    yield* compare();
  } catch (error) {
    yield failure(name, error instanceof Error ? error.message : String(error));
  }
}
