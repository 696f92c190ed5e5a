import type { Gpu } from "../../kernels/gpu/gpu.ts";
import { drawNormal } from "../../kernels/random/philox.ts";
import type { ChosenReference } from "../conditioning/choose_reference.ts";
import type { Denoiser } from "./denoiser.ts";
import type { NoiseSchedule } from "./noise_schedule.ts";
import { RANDOM_STREAMS } from "../../kernels/random/streams.ts";

/**
 * Times at which a picture is judged, as shares of the schedule: by how it looks as a whole. In less
 * noise a teacher sees its few pixels above all, which no prompt foretells.
 */
const TIMES = [0.6, 0.8] as const;

/** Predictions by which a picture is judged. */
export const EVALUATIONS_OF_CHOICE: number = TIMES.length;

/** What judges pictures; all of it is borrowed. */
export interface JudgeParts {
  /** The teacher's schedule. */
  readonly schedule: NoiseSchedule;
  /** The teacher's networks. */
  readonly denoiser: Denoiser;
}

/** Options of {@linkcode scoreByDenoising} and {@linkcode chooseByDenoising}. */
export interface ChooseByDenoisingOptions {
  /** Seed of the noise; all pictures get the same. */
  readonly seed: number;
  /** Stops the judging. */
  readonly signal?: AbortSignal;
}

/** Pictures and what judges them; all of it is borrowed. */
export interface JudgedPictures {
  /** What judges them. */
  readonly parts: JudgeParts;
  /** Scaled latents of each picture, [1, 4, h, w]; at least one. */
  readonly candidates: readonly Float32Array[];
}

/**
 * Measures how well a teacher's prompt explains pictures, in the eyes of the teacher itself.
 *
 * Noise is added to each at a few fixed times. The score is the logarithm of the mean squared error
 * of the noise that the teacher predicts with the prompt, times -1, as a mean of the times: each
 * weighs alike, though errors are greater the less noise there is. ControlNets do not act.
 *
 * Source: that error bounds the likelihood of a picture, Ho et al. 2020,
 * https://arxiv.org/abs/2006.11239, Eq. 12; and tells which prompt fits it, Li et al. 2023,
 * https://arxiv.org/abs/2303.16203.
 *
 * @returns A score for each, the greater, the better; NaN if a prediction was none.
 */
export async function scoreByDenoising(
  gpu: Gpu,
  { parts: { schedule, denoiser }, candidates }: JudgedPictures,
  { seed, signal }: ChooseByDenoisingOptions,
): Promise<number[]> {
  const { height, width } = denoiser.latentSize;
  const shape = [denoiser.rows, candidates[0]!.length / (height * width), height, width];
  const scores = new Array<number>(candidates.length).fill(0);
  for (const [step, time] of TIMES.entries()) {
    const timestep = Math.round(time * (schedule.size - 1));
    const alpha = schedule.alphaAt(timestep);
    const noise = await drawNormal(gpu, [1, ...shape.slice(1)], {
      seed,
      stream: RANDOM_STREAMS.choice,
      step,
    });
    for (const [i, latents] of candidates.entries()) {
      signal?.throwIfAborted();
      const noisy = latents.map((value, at) =>
        Math.sqrt(alpha) * value + Math.sqrt(1 - alpha) * noise[at]!
      );
      const data = new Float32Array(denoiser.rows * noisy.length);
      for (let row = 0; row < denoiser.rows; row++) data.set(noisy, row * noisy.length);
      const predicted = await denoiser.predictHost({ data, shape }, timestep);
      const withPrompt = predicted.subarray(predicted.length - noise.length);
      scores[i]! -= Math.log(meanSquaredError(withPrompt, noise)) / TIMES.length;
    }
  }
  return scores;
}

/** Chooses the picture that a teacher's prompt explains best: {@linkcode scoreByDenoising}. */
export async function chooseByDenoising(
  gpu: Gpu,
  pictures: JudgedPictures,
  options: ChooseByDenoisingOptions,
): Promise<ChosenReference> {
  const scores = await scoreByDenoising(gpu, pictures, options);
  // What a teacher cannot judge is not chosen.
  const best = Math.max(...scores.filter((score) => !Number.isNaN(score)));
  return { index: Math.max(0, scores.indexOf(best)), scores };
}

function meanSquaredError(predicted: Float32Array, noise: Float32Array): number {
  return predicted.reduce((sum, value, i) => sum + (value - noise[i]!) ** 2, 0) / noise.length;
}
