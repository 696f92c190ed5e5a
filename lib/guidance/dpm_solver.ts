import { roundHalfEven, type Sampler, type SamplerOptions } from "./samplers.ts";

/** Exponent of the noise levels of Karras et al. */
const RHO = 7;

/**
 * Samples latents by DPM-Solver++(2M) at the noise levels of Karras et al., as diffusers'
 * `DPMSolverMultistepScheduler` with `use_karras_sigmas`. First and last step are of order 1. The
 * schedule's spacing has no effect.
 *
 * Source: Lu et al. 2022, https://arxiv.org/abs/2211.01095, Algorithm 2; Karras et al. 2022,
 * https://arxiv.org/abs/2206.00364, Eq. 5.
 */
export const sampleDpmSolver: Sampler = async (noise, predictNoise, options) => {
  const { onStep, signal } = options;
  const levels = karrasLevels(options);
  let x = noise.slice();
  let previous: { readonly clean: Float32Array; readonly lambda: number } | undefined;
  for (const [i, { timestep, sigma }] of levels.entries()) {
    signal?.throwIfAborted();
    const [alpha, lambda] = [1 / Math.sqrt(sigma * sigma + 1), -Math.log(sigma)];
    const predicted = await predictNoise(x, timestep, alpha * alpha);
    const clean = x.map((value, j) => (value - sigma * alpha * predicted[j]!) / alpha);
    const next = levels[i + 1]?.sigma;
    if (next === undefined) {
      x = clean;
    } else {
      const nextAlpha = 1 / Math.sqrt(next * next + 1);
      const h = -Math.log(next) - lambda;
      const [keep, add] = [next * nextAlpha / (sigma * alpha), nextAlpha * (1 - Math.exp(-h))];
      // How far the clean latents are extrapolated to the middle of the step.
      const ahead = previous ? h / (2 * (lambda - previous.lambda)) : 0;
      const before = previous?.clean ?? clean;
      x = x.map((value, j) => keep * value + add * (clean[j]! + ahead * (clean[j]! - before[j]!)));
      previous = { clean, lambda };
    }
    onStep?.(i + 1, x);
  }
  return x;
};

/** A noise level of a sampler. */
export interface NoiseLevel {
  /** Diffusion time with about this noise, integer in [0, T). */
  readonly timestep: number;
  /** Ratio of noise and signal. */
  readonly sigma: number;
}

/** Returns the noise levels of Karras et al. between those of the schedule's ends, falling. */
export function karrasLevels(
  { schedule, steps }: Pick<SamplerOptions, "schedule" | "steps">,
): NoiseLevel[] {
  const [max, min] = [schedule.sigmaAt(schedule.size - 1), schedule.sigmaAt(0)]
    .map((sigma) => sigma ** (1 / RHO)) as [number, number];
  const logs = Array.from({ length: schedule.size }, (_, t) => Math.log(schedule.sigmaAt(t)));
  return Array.from({ length: steps }, (_, i) => {
    const sigma = (max + (steps === 1 ? 0 : i / (steps - 1)) * (min - max)) ** RHO;
    return { timestep: roundHalfEven(timestepOf(Math.log(sigma), logs)), sigma };
  });
}

/** Finds a timestep by the logarithm of its noise level, linearly between two timesteps. */
function timestepOf(log: number, logs: readonly number[]): number {
  const above = logs.findIndex((value) => value >= log);
  if (above === -1) return logs.length - 1;
  if (above === 0) return 0;
  const [low, high] = [logs[above - 1]!, logs[above]!];
  return above - 1 + (log - low) / (high - low);
}
