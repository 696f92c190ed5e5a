import type { Gpu } from "../../kernels/gpu/gpu.ts";
import { drawNormal, type Seed } from "../../kernels/random/philox.ts";
import { RANDOM_STREAMS } from "../../kernels/random/streams.ts";
import type { Denoiser } from "./denoiser.ts";
import type { NoiseSchedule } from "./noise_schedule.ts";

/** What scores candidates; all of it is borrowed. */
export interface ScoringParts {
  /** The teacher's schedule. */
  readonly schedule: NoiseSchedule;
  /** The teacher's networks. */
  readonly denoiser: Denoiser;
}

/** Candidates and what scores them; all of it is borrowed. */
export interface ScoringInputs {
  /** What scores them. */
  readonly parts: ScoringParts;
  /** Scaled latents of each candidate, shape [1, 4, h, w]; at least one. */
  readonly candidates: readonly Float32Array[];
}

/** Options of {@linkcode denoisingErrors}. */
export interface DenoisingErrorsOptions {
  /** Times at which noise is added, as shares of the schedule, in [0, 1]. */
  readonly times: readonly number[];
  /**
   * Number of noises at each time, whose errors are averaged; integer >= 1. Every second one is the
   * opposite of the one before, which tells more than another noise. Default: 1.
   */
  readonly noises?: number;
  /** Seed of the noises; all candidates get the same ones. */
  readonly seed: Seed;
  /** Stops the scoring. */
  readonly signal?: AbortSignal;
  /** Called after each teacher call, with the calls done, over all candidates. */
  readonly onCall?: (call: number) => void;
}

/**
 * Measures how well a teacher denoises images: noise is added to each of them, and the teacher
 * predicts it. ControlNets are not used.
 *
 * @returns Mean squared error of the noise by candidate, time and row of the denoiser: [negative
 * prompt, prompt], or the prompt alone. NaN if a prediction was not finite.
 */
export async function denoisingErrors(
  gpu: Gpu,
  { parts: { schedule, denoiser }, candidates }: ScoringInputs,
  { times, noises = 1, seed, signal, onCall }: DenoisingErrorsOptions,
): Promise<number[][][]> {
  const { height, width } = denoiser.latentSize;
  const shape = [denoiser.rows, candidates[0]!.length / (height * width), height, width];
  const errors = candidates.map(() => times.map(() => new Array<number>(denoiser.rows).fill(0)));
  for (let step = 0; step < noises * times.length; step++) {
    const at = step % times.length;
    const timestep = Math.round(times[at]! * (schedule.size - 1));
    const alpha = schedule.alphaAt(timestep);
    const number = Math.floor(step / times.length);
    const drawn = await drawNormal(gpu, [1, ...shape.slice(1)], {
      seed,
      stream: RANDOM_STREAMS.choice,
      step: Math.floor(number / 2) * times.length + at,
    });
    const noise = number % 2 === 0 ? drawn : drawn.map((value) => -value);
    for (const [i, latents] of candidates.entries()) {
      signal?.throwIfAborted();
      const noisy = latents.map((value, j) =>
        Math.sqrt(alpha) * value + Math.sqrt(1 - alpha) * noise[j]!
      );
      const data = new Float32Array(denoiser.rows * noisy.length);
      for (let row = 0; row < denoiser.rows; row++) data.set(noisy, row * noisy.length);
      const predicted = await denoiser.predictHost({ data, shape }, timestep);
      onCall?.(step * candidates.length + i + 1);
      for (let row = 0; row < denoiser.rows; row++) {
        const error = meanSquaredError(predicted.subarray(row * noise.length), noise);
        errors[i]![at]![row]! += error / noises;
      }
    }
  }
  return errors;
}

/** Compares the first values of a prediction with the noise. */
function meanSquaredError(predicted: Float32Array, noise: Float32Array): number {
  return noise.reduce((sum, value, i) => sum + (predicted[i]! - value) ** 2, 0) / noise.length;
}
