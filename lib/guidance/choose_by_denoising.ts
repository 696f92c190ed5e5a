import type { Seed } from "../../kernels/random/philox.ts";
import type { Gpu } from "../../kernels/gpu/gpu.ts";
import type { ChosenReference } from "../conditioning/choose_by_clip.ts";
import { denoisingErrors, type ScoringInputs } from "./denoising_errors.ts";

/** How candidates are scored. */
export interface DenoisingScore {
  /** Times at which noise is added, as shares of the schedule, in [0, 1]; at least one. */
  readonly times: readonly number[];
  /** Number of noises at each time, integer >= 1. */
  readonly noises: number;
}

/**
 * The score of a finished picture. At high noise the error depends on the picture as a whole; at
 * low noise it depends on single pixels, which no prompt predicts.
 */
const PICTURE_SCORE: DenoisingScore = { times: [0.8], noises: 1 };

/** Returns the teacher calls that score one candidate. */
export function callsPerCandidate({ times, noises }: DenoisingScore): number {
  return times.length * noises;
}

/** Options of {@linkcode scoreByDenoising} and {@linkcode chooseByDenoising}. */
export interface ChooseByDenoisingOptions {
  /** Seed of the noises; all candidates get the same ones. */
  readonly seed: Seed;
  /** How they are scored. Default: at time 0.8, with one noise. */
  readonly score?: DenoisingScore;
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
  { score = PICTURE_SCORE, ...options }: ChooseByDenoisingOptions,
): Promise<number[]> {
  const errors = await denoisingErrors(gpu, { parts, candidates }, { ...score, ...options });
  return errors.map((ofTimes) =>
    // The last row is that of the prompt.
    ofTimes.reduce((sum, rows) => sum - Math.log(rows.at(-1)!) / ofTimes.length, 0)
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
