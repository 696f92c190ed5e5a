import type { PredictionType } from "./scheduler_config.ts";

/** Factors of what a network predicts and of its noisy latents, whose sum is the noise. */
export interface NoiseFactors {
  /** Factor of the prediction. */
  readonly output: number;
  /** Factor of the noisy latents. */
  readonly sample: number;
}

/**
 * Returns the factors for what a network predicts: they solve
 * noisy = sqrt(alpha) * latents + sqrt(1 - alpha) * noise for the noise.
 *
 * With v = sqrt(alpha) * noise - sqrt(1 - alpha) * latents, the noise is
 * sqrt(alpha) * v + sqrt(1 - alpha) * noisy. Source: Salimans & Ho 2022,
 * https://arxiv.org/abs/2202.00512, Appendix D.
 *
 * @param alpha In (0, 1).
 */
export function noiseFactors(
  predictionType: Exclude<PredictionType, "epsilon">,
  alpha: number,
): NoiseFactors {
  const [signalRate, noiseRate] = [Math.sqrt(alpha), Math.sqrt(1 - alpha)];
  return predictionType === "v_prediction"
    ? { output: signalRate, sample: noiseRate }
    : { output: -signalRate / noiseRate, sample: 1 / noiseRate };
}
