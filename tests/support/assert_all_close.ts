import assert from "node:assert/strict";

/** Tolerances: |actual - expected| <= atol + rtol |expected|, as in NumPy's `allclose`. */
export interface Tolerance {
  /** Absolute tolerance. Default: 1e-5. */
  readonly atol?: number;
  /** Relative tolerance. Default: 0. */
  readonly rtol?: number;
}

/** Asserts that two arrays agree value by value. NaN agrees with nothing. */
export function assertAllClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { atol = 1e-5, rtol = 0 }: Tolerance = {},
): void {
  assert.equal(actual.length, expected.length, "the numbers of values differ");
  const wrong: string[] = [];
  let count = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!);
    if (difference <= atol + rtol * Math.abs(expected[i]!)) continue;
    count++;
    if (wrong.length < 5) wrong.push(`  [${i}] ${actual[i]} is not ${expected[i]}`);
  }
  assert.equal(count, 0, `${count} of ${expected.length} values differ:\n${wrong.join("\n")}`);
}
