import hard from "./hard_prompts.json" with { type: "json" };
import content from "./prompts.json" with { type: "json" };

/** A prompt of the benchmark. */
export interface Prompt {
  /** Name of its file, without extension. */
  readonly id: string;
  /** Prompt of the teacher. */
  readonly prompt: string;
  /** Caption that the judge should choose; undefined where there is no single answer. */
  readonly name?: string;
  /** Name of the color of the background in the prompt. */
  readonly background?: string;
  /** Path of the input image, relative to this file. */
  readonly image?: string;
}

/** Name of a set of prompts. */
export type PromptSet = keyof typeof content.sets | keyof typeof hard.sets;

/** The sets. `draw_prompts.ts` and `draw_hard_prompts.ts` drew them once; they stay the same. */
export const PROMPT_SETS: Readonly<Record<PromptSet, readonly Prompt[]>> = {
  ...content.sets,
  ...hard.sets,
};

/** The hard sets: names of game art, unseen combinations, and detailed input images. */
export const HARD_SETS: readonly PromptSet[] = ["game48", "combined24", "detailed20"];

/** Tells whether the prompts of a set have input images. */
export function hasImages(set: PromptSet): boolean {
  return PROMPT_SETS[set].some(({ image }) => image !== undefined);
}

/** Heights and widths of the pictures of the benchmark, in pixels. */
export const BENCH_SIZES: readonly number[] = content.sizes;

/** Built-in palettes of the benchmark, of 4, 8, 16 and 32 colors. */
export const BENCH_PALETTES: readonly string[] = content.palettes;

/** Seeds of the benchmark. */
export const BENCH_SEEDS: readonly number[] = content.seeds;
