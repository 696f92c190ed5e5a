import type { Predict, SamplerOptions } from "./sampler.ts";
import { spaceTimesteps } from "./timestep_spacing.ts";

/** Where Euler's method stops on its way from noise to latents. */
export interface EulerCourse {
  /** Timesteps at which predictions are asked for, falling. */
  readonly timesteps: readonly number[];
  /** Noise level of each, and 0 at the end: one more. */
  readonly sigmas: readonly number[];
  /** Factor of the noise that it begins with. */
  readonly initNoiseSigma: number;
}

/**
 * Draws latents by Euler's method without added noise, as diffusers' `EulerDiscreteScheduler`.
 *
 * Source: Karras et al. 2022, https://arxiv.org/abs/2206.00364, algorithm 2 without churn.
 *
 * @param noise Normal values, any shape.
 * @returns Latents without noise, same size; `noise` is not changed.
 */
export async function sampleEuler(
  noise: Float32Array,
  predict: Predict,
  options: SamplerOptions,
): Promise<Float32Array> {
  const { predictionType = "epsilon", onStep, signal } = options;
  const { timesteps, sigmas, initNoiseSigma } = eulerCourse(options);
  let latents: Float32Array = noise.map((value) => value * initNoiseSigma);
  for (const [i, timestep] of timesteps.entries()) {
    signal?.throwIfAborted();
    const sigma = sigmas[i]!;
    const change = sigmas[i + 1]! - sigma;
    const norm = Math.sqrt(sigma * sigma + 1);
    const scaled = latents.map((value) => value / norm);
    const prediction = await predict(scaled, timestep);
    latents = latents.map((x, j) => {
      const output = prediction[j]!;
      // With v, noise = (v + sigma · scaled) / norm.
      const slope = predictionType === "epsilon" ? output : (output + sigma * scaled[j]!) / norm;
      return x + change * slope;
    });
    onStep?.(i + 1, latents);
  }
  return latents;
}

/** Returns where Euler's method stops. */
export function eulerCourse(
  { schedule, steps }: Pick<SamplerOptions, "schedule" | "steps">,
): EulerCourse {
  const timesteps = spaceTimesteps(schedule.size, steps, schedule.sampling);
  const sigmas = [...timesteps.map((timestep) => schedule.sigmaAt(timestep)), 0];
  const greatest = Math.max(...sigmas);
  const isLeading = schedule.sampling.timestepSpacing === "leading";
  return {
    timesteps,
    sigmas,
    initNoiseSigma: isLeading ? Math.sqrt(greatest * greatest + 1) : greatest,
  };
}
