import type { NoiseSchedule } from "./noise_schedule.ts";
import type { PredictionType } from "./scheduler_config.ts";

/**
 * Predicts the noise in latents.
 *
 * @param latents Noisy latents of unit variance; not to be changed.
 * @param timestep Diffusion time in [0, T); with "linspace" it may have a fraction.
 * @returns Prediction, same size.
 */
export type Predict = (latents: Float32Array, timestep: number) => Promise<Float32Array>;

/** Options of a sampler. */
export interface SamplerOptions {
  /** The teacher's schedule. */
  readonly schedule: NoiseSchedule;
  /** Steps, integer >= 1: so often is the prediction asked for. */
  readonly steps: number;
  /** What is predicted. Default: "epsilon", which `Denoiser` always predicts. */
  readonly predictionType?: PredictionType;
  /** Told after each step, from 1, with the latents so far. */
  readonly onStep?: (step: number, latents: Float32Array) => void;
  /** Stops it between two steps. */
  readonly signal?: AbortSignal;
}

/**
 * Draws latents from noise.
 *
 * @param noise Normal values, any shape.
 * @returns Latents without noise, same size; `noise` is not changed.
 */
export type Sampler = (
  noise: Float32Array,
  predict: Predict,
  options: SamplerOptions,
) => Promise<Float32Array>;
