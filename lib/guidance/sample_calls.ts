import type { DiffusionConfig } from "../../config/run_config.ts";

/** Settled keys of a sample: none is left to the teacher's kind. */
type SettledKey = "sampler" | "numInferenceSteps" | "guidanceScale" | "guidanceEnd";

/** Sampler, its steps, guidance, and number of images. */
export type SampleConfig =
  & Pick<DiffusionConfig, "timesteps" | "numReferences">
  & { readonly [Key in SettledKey]: NonNullable<DiffusionConfig[Key]> };

/**
 * Tells whether a guidance scale needs the negative prompt. At most 1 means the prompt alone, as in
 * diffusers.
 */
export function isGuided(guidanceScale: number): boolean {
  return guidanceScale > 1;
}

/** Returns the number of steps with guidance; the others use the prompt alone. */
export function countGuidedSteps(
  { numInferenceSteps: steps, guidanceScale, guidanceEnd }: Omit<SampleConfig, "numReferences">,
): number {
  if (!isGuided(guidanceScale)) return 0;
  // As diffusers applies `control_guidance_end`: steps that end within the share.
  return Array.from({ length: steps }).filter((_, i) => (i + 1) / steps <= guidanceEnd).length;
}

/** Tells whether some steps have guidance, and others do not. */
export function isPartlyGuided(config: SampleConfig): boolean {
  const guided = countGuidedSteps(config);
  return guided > 0 && guided < config.numInferenceSteps;
}

/**
 * Returns the runs of the denoiser that sample the images. Two images share each run by the prompt
 * alone if other steps have guidance.
 */
export function countSampleCalls(config: SampleConfig): number {
  const { numReferences: count, numInferenceSteps: steps } = config;
  if (!isPartlyGuided(config)) return count * steps;
  const guided = countGuidedSteps(config);
  return count * guided + Math.ceil(count / 2) * (steps - guided);
}
