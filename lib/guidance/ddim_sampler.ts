import type { Predict, SamplerOptions } from "./sampler.ts";
import { roundHalfEven, spaceTimesteps } from "./timestep_spacing.ts";

/**
 * Draws latents by DDIM without added noise, as diffusers' `DDIMScheduler` with eta 0.
 *
 * Source: Song et al. 2021, https://arxiv.org/abs/2010.02502, Eq. 12.
 *
 * @param noise Normal values, any shape.
 * @returns Latents without noise, same size; `noise` is not changed.
 */
export async function sampleDdim(
  noise: Float32Array,
  predict: Predict,
  options: SamplerOptions,
): Promise<Float32Array> {
  const { schedule, steps, predictionType = "epsilon", onStep, signal } = options;
  const timesteps = ddimTimesteps(options);
  const stride = Math.floor(schedule.size / steps);
  let latents: Float32Array = noise.slice();
  for (const [i, timestep] of timesteps.entries()) {
    signal?.throwIfAborted();
    const prediction = await predict(latents, timestep);
    latents = ddimStep(latents, prediction, {
      alpha: schedule.alphaAt(timestep),
      nextAlpha: nextAlpha(options, timestep - stride),
      clipRange: schedule.sampling.clipRange,
      useClippedModelOutput: schedule.sampling.useClippedModelOutput,
      predictionType,
    });
    onStep?.(i + 1, latents);
  }
  return latents;
}

/** Returns the timesteps at which DDIM asks for predictions: integers, falling. */
export function ddimTimesteps(options: Pick<SamplerOptions, "schedule" | "steps">): number[] {
  const { schedule, steps } = options;
  return spaceTimesteps(schedule.size, steps, schedule.sampling).map(roundHalfEven);
}

/** Returns the share of latents that is left after a step to `timestep`, which may be below 0. */
function nextAlpha({ schedule }: SamplerOptions, timestep: number): number {
  if (timestep >= 0) return schedule.alphaAt(timestep);
  return schedule.sampling.setAlphaToOne ? 1 : schedule.alphaAt(0);
}

interface DdimStep {
  readonly alpha: number;
  readonly nextAlpha: number;
  readonly clipRange: number | undefined;
  readonly useClippedModelOutput: boolean;
  readonly predictionType: "epsilon" | "v_prediction";
}

function ddimStep(latents: Float32Array, prediction: Float32Array, step: DdimStep): Float32Array {
  const signal = Math.sqrt(step.alpha);
  const spread = Math.sqrt(1 - step.alpha);
  const nextSignal = Math.sqrt(step.nextAlpha);
  const nextSpread = Math.sqrt(1 - step.nextAlpha);
  const limit = step.clipRange ?? Infinity;
  return latents.map((x, i) => {
    const output = prediction[i]!;
    const isEpsilon = step.predictionType === "epsilon";
    let noise = isEpsilon ? output : signal * output + spread * x;
    const exact = isEpsilon ? (x - spread * noise) / signal : signal * x - spread * output;
    const clean = Math.min(limit, Math.max(-limit, exact));
    if (step.useClippedModelOutput) noise = (x - signal * clean) / spread;
    return nextSignal * clean + nextSpread * noise;
  });
}
