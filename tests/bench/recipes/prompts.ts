import type { Rgb } from "../../../lib/image/image.ts";
import { parseHex } from "../../../lib/palette/formats/hex.ts";
import content from "./prompts.json" with { type: "json" };

/** A picture that is asked for. */
export interface Prompt {
  /** Name of its file, without ending. */
  readonly id: string;
  /** What the teacher is told. */
  readonly prompt: string;
  /** What the judge shall see; undefined where there is no one answer. */
  readonly name?: string;
  /** Color name of the background that the prompt names. */
  readonly background?: string;
  /** Path of the input image beside this file. */
  readonly image?: string;
}

/** Name of a set of prompts. */
export type PromptSet = keyof typeof content.sets;

/** The sets; they are drawn once, by `draw_prompts.ts`, and stay. */
export const PROMPT_SETS: Readonly<Record<PromptSet, readonly Prompt[]>> = content.sets;

/** Sides of the square pictures that the benchmark makes, in pixels. */
export const BENCH_SIZES: readonly number[] = content.sizes;

/** Built-in palettes that the benchmark uses, of 4, 8, 16 and 32 colors. */
export const BENCH_PALETTES: readonly string[] = content.palettes;

/** Seeds that the benchmark uses. */
export const BENCH_SEEDS: readonly number[] = content.seeds;

/** Returns the color that a background of a prompt has, as `mini` was taught it. */
export function backgroundColor(name: string): Rgb {
  const hex = (content.backgrounds as Readonly<Record<string, string>>)[name];
  if (hex === undefined) throw new RangeError(`Cannot find the background "${name}"`);
  return parseHex(hex, name).at(0);
}
