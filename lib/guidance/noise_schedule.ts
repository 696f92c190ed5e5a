import type { ModelFolder } from "../weights/model_folder.ts";
import {
  overrideSchedule,
  type PredictionType,
  readSchedulerConfig,
  type SamplingConfig,
  type ScheduleOverrides,
  type SchedulerConfig,
} from "./scheduler_config.ts";

/** Alpha of pure noise in diffusers' EulerDiscreteScheduler. */
const PURE_NOISE = 2 ** -24;

/**
 * The noise of each timestep: noisy = sqrt(alpha) * latents + sqrt(1 - alpha) * noise.
 *
 * Here, alpha is the cumulative product of 1 - beta: `alphas_cumprod` of diffusers.
 */
export class NoiseSchedule {
  /** Alpha of each timestep, falling, in [0, 1), shape [T]. */
  readonly alphasCumprod: Float32Array;
  /** What the UNet predicts. */
  readonly predictionType: PredictionType;
  /** How samplers use it. */
  readonly sampling: SamplingConfig;

  /** Computes the schedule. */
  constructor(config: SchedulerConfig) {
    let betas = computeBetas(config);
    if (config.rescaleBetasZeroSnr) betas = rescaleToZeroSnr(betas);
    this.alphasCumprod = Float32Array.from(cumulativeAlphas(betas));
    this.predictionType = config.predictionType;
    this.sampling = config.sampling;
  }

  /**
   * Reads the schedule of a teacher.
   *
   * @param overrides Keys of the config; those that are not null replace options of the file.
   * @throws {ModelConfigError} If an option is wrong or not supported.
   */
  static async open(
    folder: ModelFolder,
    overrides: Partial<ScheduleOverrides> = {},
  ): Promise<NoiseSchedule> {
    return new NoiseSchedule(overrideSchedule(await readSchedulerConfig(folder), overrides));
  }

  /** Number of timesteps, T. */
  get size(): number {
    return this.alphasCumprod.length;
  }

  /**
   * Returns alpha of a timestep; for pure noise that of diffusers, because samplers divide by it.
   *
   * @param timestep In [0, T); between two integers, sigma is interpolated.
   * @throws {RangeError} If it is out of range.
   */
  alphaAt(timestep: number): number {
    if (!(timestep >= 0 && timestep <= this.size - 1)) {
      throw new RangeError(
        `Cannot find the noise of timestep ${timestep}: ` +
          `expected a number from 0 to ${this.size - 1}`,
      );
    }
    if (Number.isInteger(timestep)) return this.alphasCumprod[timestep]! || PURE_NOISE;
    return 1 / (this.sigmaAt(timestep) ** 2 + 1);
  }

  /** Returns sigma = sqrt((1 - alpha) / alpha) of a timestep in [0, T). */
  sigmaAt(timestep: number): number {
    const low = Math.floor(timestep);
    const high = Math.min(low + 1, this.size - 1);
    const share = timestep - low;
    return (1 - share) * this.#sigma(low) + share * this.#sigma(high);
  }

  #sigma(index: number): number {
    // Pure noise has no finite sigma.
    const alpha = Math.max(PURE_NOISE, this.alphasCumprod[index]!);
    return Math.sqrt((1 - alpha) / alpha);
  }
}

/** Computes beta of each timestep, as diffusers' schedulers do. */
function computeBetas(config: SchedulerConfig): Float64Array {
  const { numTrainTimesteps: count, betaStart, betaEnd, betaSchedule } = config;
  const line = (from: number, to: number) =>
    Float64Array.from(
      { length: count },
      (_, i) => count === 1 ? from : from + (to - from) * i / (count - 1),
    );
  switch (betaSchedule) {
    case "linear":
      return line(betaStart, betaEnd);
    case "scaled_linear":
      return line(Math.sqrt(betaStart), Math.sqrt(betaEnd)).map((root) => root * root);
    case "squaredcos_cap_v2": {
      // Source: Nichol & Dhariwal 2021, https://arxiv.org/abs/2102.09672, Eq. 17.
      const alphaBar = (i: number) => Math.cos((i / count + 0.008) / 1.008 * Math.PI / 2) ** 2;
      return Float64Array.from(
        { length: count },
        (_, i) => Math.min(1 - alphaBar(i + 1) / alphaBar(i), 0.999),
      );
    }
  }
}

function cumulativeAlphas(betas: Float64Array): Float64Array {
  let product = 1;
  return betas.map((beta) => product *= 1 - beta);
}

/**
 * Shifts and scales sqrt(alpha) so that the last timestep is pure noise.
 *
 * Source: Lin et al. 2023, https://arxiv.org/abs/2305.08891, Algorithm 1.
 */
function rescaleToZeroSnr(betas: Float64Array): Float64Array {
  const roots = cumulativeAlphas(betas).map(Math.sqrt);
  const first = roots[0]!;
  const last = roots.at(-1)!;
  const alphas = roots.map((root) => ((root - last) * first / (first - last)) ** 2);
  return alphas.map((alpha, i) => 1 - (i === 0 ? alpha : alpha / alphas[i - 1]!));
}
