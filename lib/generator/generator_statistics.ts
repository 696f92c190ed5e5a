/** How decided a picture is: means over its pixels. */
export interface GeneratorStatistics {
  /** Variance of the K probabilities of a pixel, in [0, (K - 1) / K^2]. */
  readonly variance: number;
  /** The variance as a share of the greatest possible one, in [0, 1]; 1 is decided. */
  readonly normalizedVariance: number;
  /** Entropy of a pixel in nats, in [0, log K]. */
  readonly entropy: number;
  /** The entropy as a share of the greatest possible one, in [0, 1]; 0 is decided. */
  readonly normalizedEntropy: number;
  /** Probability of the likeliest class, in [1 / K, 1]. */
  readonly maxProbability: number;
}

/** Statistics of each pixel, each of shape [H, W]. */
export interface PixelStatistics {
  /** Variance of the K probabilities. */
  readonly variance: Float32Array;
  /** Entropy in nats. */
  readonly entropy: Float32Array;
  /** Probability of the likeliest class. */
  readonly maxProbability: Float32Array;
}

/** Returns the means over all pixels; a single class is always decided. */
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
