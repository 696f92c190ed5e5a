import type { Seed } from "../../kernels/random/philox.ts";
import type { Gpu } from "../../kernels/gpu/gpu.ts";
import { drawNormal } from "../../kernels/random/philox.ts";
import type { ChosenReference } from "../conditioning/choose_by_clip.ts";
import type { Denoiser } from "./denoiser.ts";
import type { NoiseSchedule } from "./noise_schedule.ts";
import { RANDOM_STREAMS } from "../../kernels/random/streams.ts";

/**
 * Times at which a candidate is scored, as shares of the schedule. At high noise the error depends
 * on the picture as a whole; at low noise it depends on single pixels, which no prompt predicts.
 */
const TIMES = [0.6, 0.8] as const;

/** Teacher calls that score one candidate. */
export const CALLS_PER_CANDIDATE: number = TIMES.length;

/** What scores candidates; all of it is borrowed. */
export interface ScoringParts {
  /** The teacher's schedule. */
  readonly schedule: NoiseSchedule;
  /** The teacher's networks. */
  readonly denoiser: Denoiser;
}

/** Options of {@linkcode scoreByDenoising} and {@linkcode chooseByDenoising}. */
export interface ChooseByDenoisingOptions {
  /** Seed of the noise; all candidates get the same noise. */
  readonly seed: Seed;
  /** Stops the scoring. */
  readonly signal?: AbortSignal;
}

/** Candidates and what scores them; all of it is borrowed. */
export interface ScoringInputs {
  /** What scores them. */
  readonly parts: ScoringParts;
  /** Scaled latents of each candidate, shape [1, 4, h, w]; at least one. */
  readonly candidates: readonly Float32Array[];
}

/**
 * Scores how well images fit the prompt of a teacher, by the teacher's denoising error.
 *
 * Noise is added to each image at fixed times of high noise. The score is -log of the mean squared
 * error of the noise that the teacher predicts with the prompt, averaged over the times: so each
 * time has the same weight, though the error grows as the noise falls. The prediction with the
 * negative prompt is not used. ControlNets are not used.
 *
 * Source: this error bounds the likelihood of an image, Ho et al. 2020,
 * https://arxiv.org/abs/2006.11239, Eq. 12; and it classifies images by prompt, Li et al. 2023,
 * https://arxiv.org/abs/2303.16203.
 *
 * @returns A score for each candidate, higher is better; NaN if a prediction was not finite.
 */
export async function scoreByDenoising(
  gpu: Gpu,
  { parts: { schedule, denoiser }, candidates }: ScoringInputs,
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

/** Chooses the candidate with the highest {@linkcode scoreByDenoising}. */
export async function chooseByDenoising(
  gpu: Gpu,
  pictures: ScoringInputs,
  options: ChooseByDenoisingOptions,
): Promise<ChosenReference> {
  const scores = await scoreByDenoising(gpu, pictures, options);
  // A candidate without a finite score is not chosen.
  const best = Math.max(...scores.filter((score) => !Number.isNaN(score)));
  return { index: Math.max(0, scores.indexOf(best)), scores };
}

function meanSquaredError(predicted: Float32Array, noise: Float32Array): number {
  return predicted.reduce((sum, value, i) => sum + (value - noise[i]!) ** 2, 0) / noise.length;
}
