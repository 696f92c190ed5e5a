/** How certain the colors of a picture are: means over its pixels. */
export interface GeneratorStatistics {
  /** Variance of the K probabilities of a pixel, in [0, (K - 1) / K^2]. */
  readonly variance: number;
  /** The variance as a share of its maximum, in [0, 1]; 1 is one-hot. */
  readonly normalizedVariance: number;
  /** Entropy of a pixel in nats, in [0, log K]. */
  readonly entropy: number;
  /** The entropy as a share of its maximum, in [0, 1]; 0 is one-hot. */
  readonly normalizedEntropy: number;
  /** Max probability of a pixel, in [1 / K, 1]. */
  readonly maxProbability: number;
}

/** Statistics of each pixel, each of shape [H, W]. */
export interface PixelStatistics {
  /** Variance of the K probabilities. */
  readonly variance: Float32Array;
  /** Entropy in nats. */
  readonly entropy: Float32Array;
  /** Max probability. */
  readonly maxProbability: Float32Array;
}

/** Returns the means over all pixels; with one color all are one-hot. */
export function summarizeStatistics(pixels: PixelStatistics, count: number): GeneratorStatistics {
  const variance = mean(pixels.variance);
  const entropy = mean(pixels.entropy);
  return {
    variance,
    normalizedVariance: count > 1 ? variance * count ** 2 / (count - 1) : 1,
    entropy,
    normalizedEntropy: count > 1 ? entropy / Math.log(count) : 0,
    maxProbability: mean(pixels.maxProbability),
  };
}

function mean(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
