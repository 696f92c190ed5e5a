import { scoreByDenoising } from "../guidance/choose_by_denoising.ts";
import type { StepParts } from "./distill_step.ts";
import { type EncodedParts, encodePicture } from "./encode_picture.ts";

/** Noise of all scores, whatever the seed of a run, so that scores of several runs compare. */
const NOISE_SEED = 0;

/** What a score needs of a run; all of it is borrowed. */
export type ScoredParts = EncodedParts & Pick<StepParts, "schedule" | "denoiser">;

/**
 * Measures how well a picture fits its prompt in the eyes of the teacher: how well it predicts noise
 * in it.
 *
 * {@linkcode encodePicture} tells what the teacher sees, {@linkcode scoreByDenoising} the measure
 * and its source.
 *
 * @returns The greater, the better; scores of one prompt, size and teacher compare.
 */
export async function scorePicture(
  parts: ScoredParts,
  options: { readonly signal?: AbortSignal } = {},
): Promise<number> {
  const latents = await encodePicture(parts);
  const [score] = await scoreByDenoising(parts.gpu, { parts, candidates: [latents] }, {
    seed: NOISE_SEED,
    ...options,
  });
  return score!;
}
