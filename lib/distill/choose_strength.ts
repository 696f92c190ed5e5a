import type { Gpu } from "../../kernels/gpu/gpu.ts";
import type { Seed } from "../../kernels/random/philox.ts";
import { denoisingErrors, type ScoringParts } from "../guidance/denoising_errors.ts";
import { edgeCorrelation } from "../image/edge_correlation.ts";
import type { Image } from "../image/image.ts";
import { type Oklab, oklabDistance, toOklab } from "../palette/oklab.ts";

/** A picture to choose from. */
export interface StrengthCandidate {
  /** Strength of its edit; 0: the first picture, which is the first candidate. */
  readonly strength: number;
  /** The picture. */
  readonly picture: Image;
  /** Its scaled latents, shape [1, C, h, w]. */
  readonly latents: Float32Array;
}

/** What was chosen. */
export interface StrengthChoice {
  /** Index of the candidate. */
  readonly index: number;
  /** What was chosen and why, a sentence. */
  readonly note: string;
  /** Teacher calls of the choice. */
  readonly teacherCalls: number;
}

/** Options of {@linkcode chooseStrength}. */
export interface StrengthChoiceOptions {
  /** The teacher and its prompt. */
  readonly parts: ScoringParts;
  /** Seed of the run. */
  readonly seed: Seed;
  /** Weight of the edges and the color of each pixel, above 0, shape [H, W]. Default: 1. */
  readonly importance?: Float64Array | undefined;
}

/** Times at which the evidence is measured, as shares of the schedule. */
const TIMES = [0.2, 0.6] as const;

/** Min share of the edges of the first picture, as a correlation. */
const MIN_EDGES = 0.45;

/** Weight of the logarithm of the kept edges; that of the evidence is 1. */
const EDGES_WEIGHT = 0.7;

/** Weight of the mean change of the colors in OKLab. */
const COLORS_WEIGHT = 2;

/**
 * Chooses how far the teacher may edit a picture, so that an edit does no harm.
 *
 * An edit by a teacher that does not know the subject makes the picture simpler. A simple picture
 * is easier to denoise, with the prompt and without it. So the evidence for the prompt is compared,
 * the logarithm of the ratio of both errors: it rises only if the picture shows more of what the
 * prompt names. An edit must gain more evidence than it loses of the first picture:
 *
 * gain of evidence + 0.7 * log(kept edges) - 2 * change of colors > 0, and kept edges >= 0.45.
 *
 * The edit with the highest sum is chosen, else the first picture.
 *
 * Source of the ratio: Li et al. 2023, https://arxiv.org/abs/2303.16203, and Kong et al. 2023,
 * https://arxiv.org/abs/2310.07972, where it is the mutual information of image and prompt.
 *
 * @param candidates The first one is the first picture.
 */
export async function chooseStrength(
  gpu: Gpu,
  candidates: readonly StrengthCandidate[],
  { parts, seed, importance }: StrengthChoiceOptions,
): Promise<StrengthChoice> {
  const latents = candidates.map((candidate) => candidate.latents);
  const errors = await denoisingErrors(gpu, { parts, candidates: latents }, { times: TIMES, seed });
  const evidence = errors.map(promptEvidence);
  const first = candidates[0]!.picture;
  const scored = candidates.map(({ picture, strength }, index) => {
    const gain = evidence[index]! - evidence[0]!;
    const edges = index === 0 ? 1 : edgeCorrelation(picture, first, importance);
    const change = colorChange(picture, first, importance);
    const loss = EDGES_WEIGHT * -Math.log(edges) + COLORS_WEIGHT * change;
    return { index, strength, gain, loss, score: edges < MIN_EDGES ? -Infinity : gain - loss };
  });
  // A score that is not a number is not higher.
  const best = scored.reduce((a, b) => b.score > a.score ? b : a);
  const teacherCalls = choiceTeacherCalls(candidates.length);
  return { index: best.index, note: noteOf(best, scored), teacherCalls };
}

/** Returns the teacher calls of a choice. */
export function choiceTeacherCalls(candidates: number): number {
  return candidates * TIMES.length;
}

/** Returns the evidence for the prompt: the mean over the times of log(error without / with it). */
export function promptEvidence(errors: readonly (readonly number[])[]): number {
  return errors.reduce((sum, rows) => sum + Math.log(rows[0]! / rows.at(-1)!), 0) / errors.length;
}

/** Returns the mean distance in OKLab of the pixels of two pictures of one size, by weight. */
function colorChange(a: Image, b: Image, weights: Float64Array | undefined): number {
  let [sum, total] = [0, 0];
  for (let i = 0; i < a.height * a.width; i++) {
    const weight = weights?.[i] ?? 1;
    sum += weight * oklabDistance(colorAt(a, i), colorAt(b, i));
    total += weight;
  }
  return sum / total;
}

function colorAt({ data }: Image, pixel: number): Oklab {
  return toOklab([data[pixel * 4]!, data[pixel * 4 + 1]!, data[pixel * 4 + 2]!]);
}

/** A candidate with its scores. */
interface Scored {
  readonly strength: number;
  readonly gain: number;
  readonly loss: number;
}

function noteOf({ strength, gain, loss }: Scored, all: readonly Scored[]): string {
  const tried = `Strength ${strength} of ${all.map((one) => one.strength).join(", ")}`;
  if (strength === 0) {
    return `${tried}, the picture as it is: no edit shows more of the prompt than it loses of the ` +
      `picture; --strength sets another`;
  }
  return `${tried}: the edit gains ${gain.toFixed(2)} of evidence for the prompt, and loses ` +
    `${loss.toFixed(2)} in edges and colors; --strength sets another`;
}
