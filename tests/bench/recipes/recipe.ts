import { parseSettings, sourceOf } from "../../../config/parse_run_config.ts";
import { resolveSources } from "../../../config/resolve_run_config.ts";
import type { RunConfig } from "../../../config/run_config.ts";
import type { Prompt, PromptSet } from "./prompts.ts";
import content from "./recipes.json" with { type: "json" };

/** A way to make a picture. */
export interface Recipe {
  /** Name, in tables. */
  readonly name: string;
  /** What it is. */
  readonly note: string;
  /** Which prompts it is for. Default: all. */
  readonly sets?: "prompts" | "images";
  /** Whether it is left out unless it is named. Default: false. */
  readonly isSlow?: boolean;
  /** Keys of the config and their values, over the defaults. */
  readonly set: Readonly<Record<string, unknown>>;
}

/** All recipes, those that distil less first. */
export const RECIPES: readonly Recipe[] = content as readonly Recipe[];

/** Tells whether a recipe is for a set of prompts. */
export function fitsSet({ sets }: Recipe, set: PromptSet): boolean {
  return sets === undefined || (sets === "images") === set.startsWith("images");
}

/** One picture that is to be made. */
export interface Job {
  /** How. */
  readonly recipe: Recipe;
  /** Where the prompt is from. */
  readonly set: PromptSet;
  /** What. */
  readonly prompt: Prompt;
  /** Side, in pixels. */
  readonly size: number;
  /** Name of a built-in palette. */
  readonly palette: string;
  /** Seed of the run. */
  readonly seed: number;
}

/** Names a job, as the path of its picture without ending. */
export function jobKey({ recipe, set, prompt, size, palette, seed }: Job): string {
  return `${set}/${size}_${palette}_${seed}/${recipe.name}/${prompt.id}`;
}

/** What all jobs have in common. */
export interface JobOptions {
  /** The teacher: "mini", or a folder or URL. */
  readonly model: string;
  /** What runs the networks. */
  readonly runtime: string;
  /** Settings over those of all recipes, such as "training.steps=3". */
  readonly overrides: readonly string[];
}

/**
 * Completes the config of a job.
 *
 * @throws {ConfigError} If a key or value of the recipe or an override is wrong.
 */
export function jobConfig(job: Job, { model, runtime, overrides }: JobOptions): RunConfig {
  const { recipe, prompt, size, palette, seed } = job;
  const asked = sourceOf({
    prompt: prompt.prompt,
    seed,
    runtime,
    "generator.image_H": size,
    "generator.image_W": size,
    "generator.palette": palette,
    "diffusion.model_id": model,
  }, "the benchmark");
  const own = sourceOf(recipe.set, `recipe "${recipe.name}"`);
  return resolveSources([own, asked, parseSettings(overrides, "--override")]).config;
}
