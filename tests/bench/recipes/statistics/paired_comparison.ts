import { type Clustered, type Estimate, estimate } from "./estimate.ts";

/** The judge's probabilities of the right caption for two pictures of one prompt and seed. */
export interface Pair {
  /** The prompt, which is the cluster of the pair. */
  readonly cluster: string;
  /** Probability for the first picture. */
  readonly first: number;
  /** Probability for the second picture. */
  readonly second: number;
}

/** Result of a comparison of two recipes. */
export interface Comparison {
  /** Number of pairs. */
  readonly pairs: number;
  /** Share of the pairs in which the judge prefers the first picture; equal ones count half. */
  readonly preferred: Estimate;
  /** Difference of the probabilities, first minus second. */
  readonly difference: Estimate;
  /** Two-sided p-value of the sign test over prompts. */
  readonly signTest: number;
}

/**
 * Compares two recipes by pairs of pictures of the same prompt, seed, size and palette.
 *
 * Standard errors are those of {@linkcode estimate}, over prompts. The sign test counts the prompts
 * whose mean difference is positive and those where it is negative:
 *
 *     signTest = min(1, 2 sum of C(n, i) / 2^n for i from 0 to min(positive, negative))
 *
 * @returns undefined if there are no pairs.
 */
export function comparePairs(pairs: readonly Pair[]): Comparison | undefined {
  const over = (value: (pair: Pair) => number): Clustered[] =>
    pairs.map((pair) => ({ cluster: pair.cluster, value: value(pair) }));
  const differences = over(({ first, second }) => first - second);
  const preferred = estimate(over(({ first, second }) => (Math.sign(first - second) + 1) / 2));
  const difference = estimate(differences);
  if (!preferred || !difference) return undefined;
  const signs = [...Map.groupBy(differences, ({ cluster }) => cluster).values()]
    .map((group) => Math.sign(group.reduce((sum, { value }) => sum + value, 0)));
  const positive = signs.filter((sign) => sign > 0).length;
  const negative = signs.filter((sign) => sign < 0).length;
  return { pairs: pairs.length, preferred, difference, signTest: signTest(positive, negative) };
}

/** Two-sided p-value of that many positive and negative signs, if both are equally probable. */
function signTest(positive: number, negative: number): number {
  const count = positive + negative;
  let term = 0.5 ** count;
  let tail = 0;
  for (let i = 0; i <= Math.min(positive, negative); i++) {
    tail += term;
    term *= (count - i) / (i + 1);
  }
  return Math.min(1, 2 * tail);
}
