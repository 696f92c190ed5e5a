import { parseArgs } from "node:util";
import { CLASSIFIER_PATH } from "./classifier.ts";
import {
  BENCH_PALETTES,
  BENCH_SEEDS,
  BENCH_SIZES,
  PROMPT_SETS,
  type PromptSet,
} from "./prompts.ts";
import { fitsSet, type Job, type JobOptions, type Recipe, RECIPES } from "./recipe.ts";

/** Options of the benchmark. */
export interface BenchOptions extends JobOptions {
  /** Path of the classifier's weights. */
  readonly classifier: string;
  /** Output folder. */
  readonly output: string;
  /** Maximum batch size, 1 or more. */
  readonly batch: number;
  /** The pictures, all recipes of a prompt before the next prompt. */
  readonly jobs: readonly Job[];
}

/** Help text of the command. */
export const BENCH_HELP = `Scores recipes: the settings of a picture, its cost and its quality.

  deno task bench-recipes [options]

  --set names48,…         sets of prompts: ${Object.keys(PROMPT_SETS).join(", ")}
  --recipes a,b           default: all fast ones for the set
  --sizes 32,…            sizes in pixels; "all": ${BENCH_SIZES.join(", ")}
  --palettes sweetie-16,… built-in palettes; "all": ${BENCH_PALETTES.join(", ")}
  --seeds 0,…             "all": ${BENCH_SEEDS.join(", ")}
  --limit N               only the first N prompts of each set
  --batch N               maximum batch size; a batch has one recipe, set and size; default: 1
  --model mini            teacher: folder or URL
  --runtime auto          webgpu, wasm, native
  --judge FILE            weights of the classifier that scores pictures; default:
                          judge.safetensors beside the recipes, if it exists
  --override key=value    setting that overrides all recipes; may be repeated
  --output workdir/bench  folder of pictures, contact sheets, results.md, quality.svg and
                          metrics.jsonl; existing pictures are kept

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
  const { values } = parseArgs({
    args: [...args],
    options: {
      set: { type: "string", default: "names48" },
      recipes: { type: "string" },
      sizes: { type: "string", default: "32" },
      palettes: { type: "string", default: "sweetie-16" },
      seeds: { type: "string", default: "0" },
      limit: { type: "string" },
      batch: { type: "string", default: "1" },
      model: { type: "string", default: "mini" },
      runtime: { type: "string", default: "auto" },
      judge: { type: "string", default: CLASSIFIER_PATH },
      override: { type: "string", multiple: true, default: [] },
      output: { type: "string", default: "workdir/bench" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return undefined;
  const { model, runtime, override: overrides, output, judge: classifier } = values;
  const names = values.recipes?.split(",");
  const jobs = values.set.split(",").map(setNamed).flatMap((set) =>
    listJobs({
      set,
      recipes: names ? names.map(recipeNamed) : RECIPES.filter(({ isSlow }) => !isSlow),
      sizes: listOf("--sizes", values.sizes, BENCH_SIZES),
      palettes: values.palettes === "all" ? BENCH_PALETTES : values.palettes.split(","),
      seeds: listOf("--seeds", values.seeds, BENCH_SEEDS),
      limit: values.limit === undefined ? Infinity : wholeNumber("--limit", values.limit),
    })
  );
  if (jobs.length === 0) {
    throw new TypeError("Cannot run the benchmark: expected recipes for the set, got none");
  }
  const batch = wholeNumber("--batch", values.batch);
  if (batch === 0) throw new TypeError("Cannot read --batch: expected 1 or more, got 0");
  return { model, runtime, overrides, output, classifier, batch, jobs };
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

function setNamed(name: string): PromptSet {
  if (Object.hasOwn(PROMPT_SETS, name)) return name as PromptSet;
  throw new TypeError(
    `Cannot find the set "${name}": expected one of ${Object.keys(PROMPT_SETS).join(", ")}`,
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
