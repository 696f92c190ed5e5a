import type { Seed } from "../../kernels/random/philox.ts";
import type { Gpu } from "../../kernels/gpu/gpu.ts";
import type { ChosenReference } from "../conditioning/choose_by_clip.ts";
import { denoisingErrors, type ScoringInputs } from "./denoising_errors.ts";

/**
 * Times at which a candidate is scored, as shares of the schedule. At high noise the error depends
 * on the picture as a whole; at low noise it depends on single pixels, which no prompt predicts.
 * Measured: a second time at 0.6 costs a teacher call and chooses no better.
 */
const TIMES = [0.8] as const;

/** Teacher calls that score one candidate. */
export const CALLS_PER_CANDIDATE: number = TIMES.length;

/** Options of {@linkcode scoreByDenoising} and {@linkcode chooseByDenoising}. */
export interface ChooseByDenoisingOptions {
  /** Seed of the noise; all candidates get the same noise. */
  readonly seed: Seed;
  /** Stops the scoring. */
  readonly signal?: AbortSignal;
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
  { parts, candidates }: ScoringInputs,
  options: ChooseByDenoisingOptions,
): Promise<number[]> {
  const errors = await denoisingErrors(gpu, { parts, candidates }, { times: TIMES, ...options });
  return errors.map((ofTimes) =>
    // The last row is that of the prompt.
    ofTimes.reduce((sum, rows) => sum - Math.log(rows.at(-1)!) / TIMES.length, 0)
  );
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
