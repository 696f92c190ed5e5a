import { ddimTimesteps, type Sampler, type StochasticOptions } from "./samplers.ts";

/** Standard deviation of clean latents in the boundary condition of consistency models. */
const SIGMA_DATA = 0.5;

/** Factor of timesteps in the boundary condition. */
const TIMESTEP_SCALING = 10;

/** Share of a step of TCD that is noise, gamma in the paper. */
const TCD_GAMMA = 0.3;

/**
 * Samples latents of a latent consistency model, as diffusers' `LCMScheduler`: each step predicts
 * the clean latents and adds new noise.
 *
 * Source: Luo et al. 2023, https://arxiv.org/abs/2310.04378, Algorithm 3; Song et al. 2023,
 * https://arxiv.org/abs/2303.01469, Appendix C, for the boundary condition. The timesteps are those
 * of DDIM with the schedule's spacing.
 */
export const sampleLcm: Sampler<StochasticOptions> = async (noise, predictNoise, options) => {
  const { schedule, drawNoise, onStep, signal } = options;
  const timesteps = ddimTimesteps(options);
  let x: Float32Array = noise.slice();
  for (const [i, t] of timesteps.entries()) {
    signal?.throwIfAborted();
    const alpha = schedule.alphaAt(t);
    const predicted = await predictNoise(x, t);
    const scaled = t * TIMESTEP_SCALING;
    const skip = SIGMA_DATA ** 2 / (scaled ** 2 + SIGMA_DATA ** 2);
    const out = scaled / Math.sqrt(scaled ** 2 + SIGMA_DATA ** 2);
    const clean = x.map((value, j) =>
      out * (value - Math.sqrt(1 - alpha) * predicted[j]!) / Math.sqrt(alpha) + skip * value
    );
    const next = timesteps[i + 1];
    x = next === undefined ? clean : mix(clean, await drawNoise(i + 1), schedule.alphaAt(next));
    onStep?.(i + 1, x);
  }
  return x;
};

/**
 * Samples latents by trajectory consistency distillation, as diffusers' `TCDScheduler`: each step
 * follows the trajectory to a time s below the next timestep, and adds noise up to it.
 *
 * Source: Zheng et al. 2024, https://arxiv.org/abs/2402.19159, Algorithm 4, gamma 0.3. The
 * timesteps are those of DDIM with the schedule's spacing.
 */
export const sampleTcd: Sampler<StochasticOptions> = async (noise, predictNoise, options) => {
  const { schedule, drawNoise, onStep, signal } = options;
  const timesteps = ddimTimesteps(options);
  let x: Float32Array = noise.slice();
  for (const [i, t] of timesteps.entries()) {
    signal?.throwIfAborted();
    const alpha = schedule.alphaAt(t);
    const next = timesteps[i + 1];
    const target = schedule.alphaAt(Math.floor((1 - TCD_GAMMA) * (next ?? 0)));
    const predicted = await predictNoise(x, t);
    const moved = x.map((value, j) => {
      const clean = (value - Math.sqrt(1 - alpha) * predicted[j]!) / Math.sqrt(alpha);
      return Math.sqrt(target) * clean + Math.sqrt(1 - target) * predicted[j]!;
    });
    x = next === undefined
      ? moved
      : mix(moved, await drawNoise(i + 1), schedule.alphaAt(next) / target);
    onStep?.(i + 1, x);
  }
  return x;
};

/** Returns sqrt(share) * latents + sqrt(1 - share) * noise. */
function mix(latents: Float32Array, noise: Float32Array, share: number): Float32Array {
  return latents.map((value, j) => Math.sqrt(share) * value + Math.sqrt(1 - share) * noise[j]!);
}
