import type { Seed } from "../../kernels/random/philox.ts";
import type { Gpu } from "../../kernels/gpu/gpu.ts";
import { chooseBest, type ChosenReference } from "../conditioning/choose_by_clip.ts";
import { denoisingErrors, type ScoringInputs } from "./denoising_errors.ts";

/** How candidates are scored. */
export interface DenoisingScore {
  /**
   * What is measured. "error": -log of the mean squared error of the noise that the teacher
   * predicts with the prompt. "evidence": log(error without the prompt / error with it); a teacher
   * that runs without a negative prompt measures the error.
   */
  readonly kind: "evidence" | "error";
  /** Times at which noise is added, as shares of the schedule, in [0, 1]; at least one. */
  readonly times: readonly number[];
  /** Number of noises at each time, integer >= 1. */
  readonly noises: number;
}

/** The score of a finished picture: what chose best among samples (`tests/bench/RESULTS.md`). */
const PICTURE_SCORE: DenoisingScore = { kind: "evidence", times: [0.99], noises: 4 };

/** Returns the teacher calls that score one candidate. */
export function callsPerCandidate({ times, noises }: DenoisingScore): number {
  return times.length * noises;
}

/** Options of {@linkcode scoreByDenoising} and {@linkcode chooseByDenoising}. */
export interface ChooseByDenoisingOptions {
  /** Seed of the noises; all candidates get the same ones. */
  readonly seed: Seed;
  /** How they are scored. Default: by the evidence at time 0.99, with four noises. */
  readonly score?: DenoisingScore;
  /** Stops the scoring. */
  readonly signal?: AbortSignal;
  /** Called after each teacher call, with the calls done, over all candidates. */
  readonly onCall?: (call: number) => void;
}

/**
 * Scores how well images fit the prompt of a teacher, by the teacher's denoising errors.
 *
 * Noise is added to each image at fixed times of high noise: there the error depends on the picture
 * as a whole; at low noise it depends on single pixels, which no prompt predicts. The logarithms of
 * the times are averaged: so each time has the same weight, though the error grows as the noise
 * falls. ControlNets are not used.
 *
 * The error alone also prefers simple images, which are easy to denoise with any prompt. The
 * evidence does not.
 *
 * Source: the error bounds the likelihood of an image, Ho et al. 2020,
 * https://arxiv.org/abs/2006.11239, Eq. 12; it classifies images by prompt, Li et al. 2023,
 * https://arxiv.org/abs/2303.16203; the evidence estimates the mutual information of image and
 * prompt, Kong et al. 2023, https://arxiv.org/abs/2310.07972.
 *
 * @returns A score for each candidate, higher is better; NaN if a prediction was not finite.
 */
export async function scoreByDenoising(
  gpu: Gpu,
  { parts, candidates }: ScoringInputs,
  { score = PICTURE_SCORE, ...options }: ChooseByDenoisingOptions,
): Promise<number[]> {
  const { kind, ...measured } = score;
  const errors = await denoisingErrors(gpu, { parts, candidates }, { ...measured, ...options });
  return errors.map((ofTimes) =>
    ofTimes.reduce((sum, rows) => sum + scoreOf(rows, kind) / ofTimes.length, 0)
  );
}

/** @param rows Errors with the negative prompt, if the teacher runs with one, and the prompt. */
function scoreOf(rows: readonly number[], kind: DenoisingScore["kind"]): number {
  const scale = kind === "evidence" && rows.length > 1 ? rows[0]! : 1;
  return Math.log(scale / rows.at(-1)!);
}

/** Chooses the candidate with the highest {@linkcode scoreByDenoising}. */
export async function chooseByDenoising(
  gpu: Gpu,
  pictures: ScoringInputs,
  options: ChooseByDenoisingOptions,
): Promise<ChosenReference> {
  return chooseBest(await scoreByDenoising(gpu, pictures, options));
}
