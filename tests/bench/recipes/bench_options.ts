import { type BenchFlagName, BenchFlags, benchHelp } from "../../../lib/launcher/bench_flags.ts";
import { JUDGE_FOLDER } from "./judge/judge.ts";
import type { Shard } from "./picture_tasks.ts";
import {
  BENCH_PALETTES,
  BENCH_SEEDS,
  BENCH_SIZES,
  HARD_SETS,
  PROMPT_SETS,
  type PromptSet,
} from "./prompts.ts";
import {
  fitsSet,
  HARD_RECIPES,
  type Job,
  type JobOptions,
  type Recipe,
  RECIPES,
} from "./recipe.ts";

/** Options of the benchmark. */
export interface BenchOptions extends JobOptions {
  /** Folder of the judge's weights and tokenizer. */
  readonly judge: string;
  /** Output folder. */
  readonly output: string;
  /** Maximum batch size, 1 or more. */
  readonly batch: number;
  /** The part of the work that is done; undefined for all of it. */
  readonly shard: Shard | undefined;
  /** Whether only the tables of existing pictures are written. */
  readonly tablesOnly: boolean;
  /** The pictures, all recipes of a prompt before the next prompt. */
  readonly jobs: readonly Job[];
}

/** Help text of the command. */
export const BENCH_HELP = `Scores recipes: the settings of a picture, its cost and its quality.

  deno task bench-recipes [options]

${
  benchHelp("bench-recipes", {
    sets: `${Object.keys(PROMPT_SETS).join(", ")}; "hard": ${HARD_SETS.join(", ")}`,
    hard: HARD_RECIPES.join(", "),
    sizes: BENCH_SIZES.join(", "),
    palettes: BENCH_PALETTES.join(", "),
    seeds: BENCH_SEEDS.join(", "),
  })
}

Recipes:
${RECIPES.map(({ name, note }) => `  ${name.padEnd(25)}${note}`).join("\n")}
`;

/**
 * Reads the arguments of the command.
 *
 * @returns The options; undefined for --help.
 * @throws {TypeError} If an argument is wrong.
 */
export function parseBenchOptions(args: readonly string[]): BenchOptions | undefined {
  const flags = new BenchFlags("bench-recipes", args);
  if (flags.has("--help")) return undefined;
  const value = (name: BenchFlagName) => flags.get(name)!;
  const names = flags.get("--recipes")?.split(",");
  const limit = flags.get("--limit");
  const jobs = value("--set").split(",").flatMap(setsNamed).flatMap((set) =>
    listJobs({
      set,
      recipes: names ? names.map(recipeNamed) : defaultRecipes(set),
      sizes: listOf("--sizes", value("--sizes"), BENCH_SIZES),
      palettes: value("--palettes") === "all" ? BENCH_PALETTES : value("--palettes").split(","),
      seeds: listOf("--seeds", value("--seeds"), BENCH_SEEDS),
      limit: limit === undefined ? Infinity : wholeNumber("--limit", limit),
    })
  );
  if (jobs.length === 0) {
    throw new TypeError("Cannot run the benchmark: expected recipes for the set, got none");
  }
  const batch = wholeNumber("--batch", value("--batch"));
  if (batch === 0) throw new TypeError("Cannot read --batch: expected 1 or more, got 0");
  return {
    model: value("--model"),
    runtime: value("--runtime"),
    overrides: flags.all("--override"),
    output: value("--output"),
    judge: flags.get("--judge") ?? JUDGE_FOLDER,
    batch,
    shard: parseShard(flags.get("--shard")),
    tablesOnly: flags.has("--tables"),
    jobs,
  };
}

function defaultRecipes(set: PromptSet): readonly Recipe[] {
  if (HARD_SETS.includes(set)) return HARD_RECIPES.map(recipeNamed);
  return RECIPES.filter(({ isSlow }) => !isSlow);
}

function parseShard(text: string | undefined): Shard | undefined {
  if (text === undefined) return undefined;
  const [, part = "0", count = "0"] = /^(\d{1,4})\/(\d{1,4})$/.exec(text) ?? [];
  const index = Number(part) - 1;
  if (index >= 0 && index < Number(count)) return { index, count: Number(count) };
  throw new TypeError(`Cannot read --shard: expected K/N with K from 1 to N, got "${text}"`);
}

function listJobs(asked: {
  readonly set: PromptSet;
  readonly recipes: readonly Recipe[];
  readonly sizes: readonly number[];
  readonly palettes: readonly string[];
  readonly seeds: readonly number[];
  readonly limit: number;
}): Job[] {
  const { set, sizes, palettes, seeds, limit } = asked;
  const recipes = asked.recipes.filter((recipe) => fitsSet(recipe, set));
  return PROMPT_SETS[set].slice(0, limit).flatMap((prompt) =>
    sizes.flatMap((size) =>
      palettes.flatMap((palette) =>
        seeds.flatMap((seed) =>
          recipes.map((recipe): Job => ({ recipe, set, prompt, size, palette, seed }))
        )
      )
    )
  );
}

function setsNamed(name: string): readonly PromptSet[] {
  if (name === "hard") return HARD_SETS;
  if (Object.hasOwn(PROMPT_SETS, name)) return [name as PromptSet];
  throw new TypeError(
    `Cannot find the set "${name}": expected one of ${
      [...Object.keys(PROMPT_SETS), "hard"].join(", ")
    }`,
  );
}

function recipeNamed(name: string): Recipe {
  const recipe = RECIPES.find((one) => one.name === name);
  if (recipe) return recipe;
  throw new TypeError(
    `Cannot find the recipe "${name}": expected one of ${
      RECIPES.map((one) => one.name).join(", ")
    }`,
  );
}

function listOf(flag: string, text: string, all: readonly number[]): readonly number[] {
  return text === "all" ? all : text.split(",").map((part) => wholeNumber(flag, part));
}

function wholeNumber(flag: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isInteger(value) && value >= 0) return value;
  throw new TypeError(`Cannot read ${flag}: expected an integer, got "${text}"`);
}
