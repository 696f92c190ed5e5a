import { parseSettings, sourceOf } from "../../../config/parse_run_config.ts";
import { resolveSources } from "../../../config/resolve_run_config.ts";
import type { RunConfig } from "../../../config/run_config.ts";
import { hasImages, type Prompt, type PromptSet } from "./prompts.ts";
import content from "./recipes.json" with { type: "json" };

/** Settings of a picture. */
export interface Recipe {
  /** Name, in tables. */
  readonly name: string;
  /** Description. */
  readonly note: string;
  /** Kind of prompts that it is for. Default: all. */
  readonly sets?: "prompts" | "images";
  /** Whether it runs only if it is named. Default: false. */
  readonly isSlow?: boolean;
  /** Recipe of its start: the same without edit and steps. */
  readonly start?: string;
  /** Keys of the config and their values, over the defaults. */
  readonly set: Readonly<Record<string, unknown>>;
}

/** All recipes, in the order of their distillation steps. */
export const RECIPES: readonly Recipe[] = content as readonly Recipe[];

/** Recipes that the hard sets run by default, in the order of the table. */
export const HARD_RECIPES: readonly string[] = [
  "nearest",
  "kmeans-majority",
  "one-start",
  "edit-0.2",
  "edit-0.3",
  "edit",
  "edit-0.6",
  "draft-start",
  "draft",
  "standard-start",
  "standard",
];

/** Tells whether a recipe is for a set of prompts. */
export function fitsSet({ sets }: Recipe, set: PromptSet): boolean {
  return sets === undefined || (sets === "images") === hasImages(set);
}

/** A picture to make. */
export interface Job {
  /** Its recipe. */
  readonly recipe: Recipe;
  /** Set of the prompt. */
  readonly set: PromptSet;
  /** The prompt. */
  readonly prompt: Prompt;
  /** Height and width, in pixels. */
  readonly size: number;
  /** Name of a built-in palette. */
  readonly palette: string;
  /** Seed of the run. */
  readonly seed: number;
}

/** Returns the key of a job: the path of its picture without extension. */
export function jobKey({ recipe, set, prompt, size, palette, seed }: Job): string {
  return `${set}/${size}_${palette}_${seed}/${recipe.name}/${prompt.id}`;
}

/** Options of all jobs. */
export interface JobOptions {
  /** The teacher: "mini", or a folder or URL. */
  readonly model: string;
  /** Runtime of the networks. */
  readonly runtime: string;
  /** Settings that override those of the recipes, such as "training.steps=3". */
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
