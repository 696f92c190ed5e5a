/** A mean with its standard error. */
export interface Estimate {
  /** The mean. */
  readonly mean: number;
  /** Standard error; undefined with a single cluster. */
  readonly error: number | undefined;
}

/** A value and the cluster to which it belongs: its prompt. */
export interface Clustered {
  /** Name of the cluster. */
  readonly cluster: string;
  /** The value. */
  readonly value: number;
}

/**
 * Estimates a mean over clusters. The values of a cluster, such as the seeds of a prompt, are not
 * independent of each other, so each cluster counts as one value:
 *
 *     v_k = mean of the values of cluster k
 *     mean = sum of v_k / n
 *     error = sqrt(sum of (v_k - mean)^2 / (n (n - 1)))
 *
 * @returns undefined if there are no values.
 */
export function estimate(values: readonly Clustered[]): Estimate | undefined {
  if (values.length === 0) return undefined;
  const clusters = [...Map.groupBy(values, ({ cluster }) => cluster).values()];
  const means = clusters.map((cluster) => meanOf(cluster.map(({ value }) => value)));
  const mean = meanOf(means);
  const count = means.length;
  if (count === 1) return { mean, error: undefined };
  const squares = means.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, error: Math.sqrt(squares / (count * (count - 1))) };
}

/** Writes an estimate as "0.94 ± 0.01". */
export function estimateText({ mean, error }: Estimate, digits: number): string {
  const text = mean.toFixed(digits);
  return error === undefined ? text : `${text} ± ${error.toFixed(digits)}`;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
