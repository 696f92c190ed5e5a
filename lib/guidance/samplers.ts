import type { NoiseSchedule } from "./noise_schedule.ts";
import type { SamplingConfig } from "./scheduler_config.ts";

/**
 * Predicts the noise epsilon in latents, whatever the network itself predicts.
 *
 * @param latents Noisy latents, scaled to unit variance; not to be changed.
 * @param timestep Diffusion time in [0, T); with "linspace" it may have a fraction.
 * @param alpha Share of the signal in the variance of the latents, in (0, 1). Default: that of the
 *   timestep.
 * @returns The noise, same size.
 */
export type PredictNoise = (
  latents: Float32Array,
  timestep: number,
  alpha?: number,
) => Promise<Float32Array>;

/** Options of a sampler. */
export interface SamplerOptions {
  /** The teacher's schedule. */
  readonly schedule: NoiseSchedule;
  /** Steps, integer in [1, T]; each step predicts once. */
  readonly steps: number;
  /**
   * Timesteps of the steps: falling integers in [0, T), as many as steps. Each step but the last
   * ends at the next one; the last one ends without noise. Not for DPM-Solver++. Default: by the
   * number of steps and the schedule's spacing.
   */
  readonly timesteps?: readonly number[];
  /** Called after each step, from 1, with the latents so far. */
  readonly onStep?: (step: number, latents: Float32Array) => void;
  /** Cancels the sampling between two steps. */
  readonly signal?: AbortSignal;
}

/** Options of a stochastic sampler. */
export interface StochasticOptions extends SamplerOptions {
  /** Draws the normal values that are added after a step, from 1; of the size of the latents. */
  readonly drawNoise: (step: number) => Promise<Float32Array>;
}

/**
 * Samples latents.
 *
 * @param noise Standard normal values, any shape; not changed.
 * @returns Clean latents, same size.
 */
export type Sampler<Options extends SamplerOptions = SamplerOptions> = (
  noise: Float32Array,
  predictNoise: PredictNoise,
  options: Options,
) => Promise<Float32Array>;

/**
 * Samples latents by DDIM with eta 0, as diffusers' `DDIMScheduler`.
 *
 * Source: Song et al. 2021, https://arxiv.org/abs/2010.02502, Eq. 12 with sigma = 0. `alpha` is the
 * paper's alpha: the cumulative product that diffusers calls `alphas_cumprod`.
 */
export const sampleDdim: Sampler = async (noise, predictNoise, options) => {
  const { schedule, onStep, signal } = options;
  const { clipRange = Infinity, useClippedModelOutput } = schedule.sampling;
  let x = noise.slice();
  for (const [i, t] of ddimTimesteps(options).entries()) {
    signal?.throwIfAborted();
    const predicted = await predictNoise(x, t);
    const alpha = schedule.alphaAt(t);
    const nextAlpha = nextDdimAlpha(options, i, t);
    x = x.map((value, j) => {
      const exact = (value - Math.sqrt(1 - alpha) * predicted[j]!) / Math.sqrt(alpha);
      const clean = Math.min(clipRange, Math.max(-clipRange, exact));
      const epsilon = useClippedModelOutput
        ? (value - Math.sqrt(alpha) * clean) / Math.sqrt(1 - alpha)
        : predicted[j]!;
      return Math.sqrt(nextAlpha) * clean + Math.sqrt(1 - nextAlpha) * epsilon;
    });
    onStep?.(i + 1, x);
  }
  return x;
};

/** Options on which the timesteps of a sampler depend. */
export type TimestepOptions = Pick<SamplerOptions, "schedule" | "steps" | "timesteps">;

/**
 * Returns the timesteps of DDIM: integers, falling.
 *
 * @throws {RangeError} If the number of steps, or a timestep, is out of range.
 */
export function ddimTimesteps(options: TimestepOptions): readonly number[] {
  const { schedule, steps } = options;
  if (options.timesteps) return checkedTimesteps(options.timesteps, options);
  return spaceTimesteps(schedule.size, steps, schedule.sampling).map(roundHalfEven);
}

/** Returns alpha after step `i`, from timestep `t`. */
function nextDdimAlpha(
  { schedule, steps, timesteps }: SamplerOptions,
  i: number,
  t: number,
): number {
  if (timesteps) return i + 1 < timesteps.length ? schedule.alphaAt(timesteps[i + 1]!) : 1;
  const next = t - Math.floor(schedule.size / steps);
  if (next >= 0) return schedule.alphaAt(next);
  return schedule.sampling.setAlphaToOne ? 1 : schedule.alphaAt(0);
}

/**
 * Samples latents by Euler's method, as diffusers' `EulerDiscreteScheduler`.
 *
 * Source: Karras et al. 2022, https://arxiv.org/abs/2206.00364, Algorithm 2 without churn and
 * without the second-order correction. There, x = latents + sigma * noise; the network takes x
 * scaled to unit variance.
 */
export const sampleEuler: Sampler = async (noise, predictNoise, options) => {
  const { onStep, signal } = options;
  const { timesteps, sigmas, initNoiseSigma } = eulerSigmas(options);
  let x = noise.map((value) => value * initNoiseSigma);
  for (const [i, t] of timesteps.entries()) {
    signal?.throwIfAborted();
    const sigma = sigmas[i]!;
    const scale = Math.sqrt(sigma * sigma + 1);
    // The derivative dx/dsigma is the noise.
    const epsilon = await predictNoise(x.map((value) => value / scale), t);
    const step = sigmas[i + 1]! - sigma;
    x = x.map((value, j) => value + step * epsilon[j]!);
    onStep?.(i + 1, x);
  }
  return x;
};

/** The steps of Euler's method, from noise to latents. */
export interface EulerSigmas {
  /** Timesteps, falling. */
  readonly timesteps: readonly number[];
  /** Noise level of each timestep, and 0 at the end. */
  readonly sigmas: readonly number[];
  /** Standard deviation of the noise at the start. */
  readonly initNoiseSigma: number;
}

/** Returns the timesteps and noise levels of Euler's method. */
export function eulerSigmas(options: TimestepOptions): EulerSigmas {
  const { schedule, steps } = options;
  const timesteps = options.timesteps
    ? checkedTimesteps(options.timesteps, options)
    : spaceTimesteps(schedule.size, steps, schedule.sampling);
  const sigmas = [...timesteps.map((timestep) => schedule.sigmaAt(timestep)), 0];
  const max = Math.max(...sigmas);
  const isLeading = schedule.sampling.timestepSpacing === "leading";
  return { timesteps, sigmas, initNoiseSigma: isLeading ? Math.sqrt(max * max + 1) : max };
}

/** Checks the timesteps of a sampler against its steps and its schedule. */
function checkedTimesteps(
  timesteps: readonly number[],
  { schedule: { size }, steps }: TimestepOptions,
): readonly number[] {
  const fits = (t: number, i: number) =>
    Number.isInteger(t) && t >= 0 && t < (i === 0 ? size : timesteps[i - 1]!);
  if (timesteps.length === steps && timesteps.every(fits)) return timesteps;
  throw new RangeError(
    `Cannot sample: expected ${steps} falling timesteps from 0 to ${size - 1}, ` +
      `got ${timesteps.join(", ")}`,
  );
}

/**
 * Spaces the timesteps of a sampler, as diffusers' `set_timesteps` does.
 *
 * Source: Lin et al. 2023, https://arxiv.org/abs/2305.08891, Table 2.
 *
 * @param count Timesteps of the schedule, T.
 * @param steps Steps of the sampler, integer in [1, T].
 * @returns Timesteps in [0, T), falling; with "linspace" they may have fractions.
 * @throws {RangeError} If `steps` is out of range.
 */
export function spaceTimesteps(
  count: number,
  steps: number,
  { timestepSpacing, stepsOffset }: Pick<SamplingConfig, "timestepSpacing" | "stepsOffset">,
): number[] {
  if (!Number.isInteger(steps) || steps < 1 || steps > count) {
    throw new RangeError(
      `Cannot space timesteps: expected an integer number of steps from 1 to ${count}, got ${steps}`,
    );
  }
  const indices = Array.from({ length: steps }, (_, i) => i);
  switch (timestepSpacing) {
    case "linspace":
      if (steps === 1) return [0];
      return indices.map((i) => (count - 1) * (steps - 1 - i) / (steps - 1));
    case "leading": {
      const stride = Math.floor(count / steps);
      return indices.map((i) => Math.min(count - 1, (steps - 1 - i) * stride + stepsOffset));
    }
    case "trailing":
      return indices.map((i) => roundHalfEven(count - i * count / steps) - 1);
  }
}

/** Rounds like NumPy: a half to the even neighbor. */
export function roundHalfEven(value: number): number {
  const low = Math.floor(value);
  if (value - low !== 0.5) return Math.round(value);
  return low % 2 === 0 ? low : low + 1;
}
