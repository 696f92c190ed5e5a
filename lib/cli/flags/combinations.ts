import { ConfigError } from "../../../config/config_source.ts";
import type { RunConfig } from "../../../config/run_config.ts";
import type { GenerateFlags } from "./command_flags.ts";
import { UsageError } from "./usage_error.ts";

/** Pictures of one call, at most: names of their folders stay short, and one sheet shows them. */
const MAX_PICTURES = 1000;
/** The greatest seed. Source: config/run_config_schema.ts. */
const MAX_SEED = 2 ** 32 - 1;

type SeveralFlags = Pick<
  GenerateFlags,
  "prompts" | "palettes" | "variations" | "resume" | "set"
>;

/** Tells whether flags ask for several pictures in one folder with a contact sheet and an index. */
export function isMultiple({ prompts, palettes, variations }: SeveralFlags): boolean {
  return prompts !== undefined || palettes !== undefined || variations !== undefined;
}

/**
 * Lists the configs of all pictures that flags ask for: each prompt with each palette and each seed.
 * Seeds change first, then palettes, then prompts.
 *
 * @param config The complete config, for what all pictures share, and the first seed.
 * @throws {UsageError} If flags contradict each other.
 * @throws {ConfigError} If a value does not fit, naming the flag.
 */
export function combinations(flags: SeveralFlags, config: RunConfig): RunConfig[] {
  checkTogether(flags, config);
  const prompts = flags.prompts ?? [config.prompt];
  const palettes = flags.palettes ?? [config.generator.palette];
  const seeds = seedsFrom(config.seed, flags.variations ?? "1");
  const count = prompts.length * palettes.length * seeds.length;
  if (count > MAX_PICTURES) {
    throw new UsageError(
      `Cannot generate ${count} pictures: expected at most ${MAX_PICTURES} in one call`,
    );
  }
  return prompts.flatMap((prompt) =>
    palettes.flatMap((palette) =>
      seeds.map((seed) => ({
        ...config,
        ...{ prompt, seed },
        generator: { ...config.generator, palette },
      }))
    )
  );
}

function seedsFrom(first: number, typed: string): number[] {
  const count = /^\s*\d+\s*$/.test(typed) ? Number(typed) : NaN;
  if (!(count >= 1 && count <= MAX_PICTURES)) {
    throw new ConfigError(
      "--variations",
      "",
      `expected an integer in [1, ${MAX_PICTURES}], got "${typed}"`,
    );
  }
  if (first + count - 1 > MAX_SEED) {
    throw new ConfigError(
      "--variations",
      "",
      `expected seeds of at most ${MAX_SEED}, got ${first} to ${first + count - 1}; ` +
        `begin with a smaller --seed`,
    );
  }
  return Array.from({ length: count }, (_, i) => first + i);
}

/**
 * Refuses a run that goes on as several.
 *
 * @throws {UsageError} If flags ask for both.
 */
export function refuseResume({ resume, prompts, variations }: SeveralFlags): void {
  if (resume === undefined) return;
  const found = variations !== undefined
    ? "--variations"
    : `several of ${prompts ? "--prompt" : "--palette"}`;
  throw new UsageError(
    `Cannot resume several pictures: expected one run, got ${found} with --resume; ` +
      "resume one folder a call",
  );
}

function checkTogether(flags: SeveralFlags, config: RunConfig): void {
  for (const [name, key, values] of listed(flags)) {
    const twice = values.find((value, i) => values.indexOf(value) < i);
    if (twice !== undefined) {
      throw new UsageError(
        `Cannot generate several pictures: expected each ${name} once, got "${twice}" twice; ` +
          `for more pictures of it add --variations`,
      );
    }
    if (flags.set.some((setting) => setting.slice(0, setting.indexOf("=")).trim() === key)) {
      throw new UsageError(
        `Cannot generate with several of ${name}: "--set ${key}" leaves only one; leave it out`,
      );
    }
  }
  if (flags.prompts && config.automaticCaption) {
    throw new UsageError(
      "Cannot generate with several of --prompt: automatic_caption puts a caption in their place",
    );
  }
  const method = config.generator.initializationMethod;
  if (flags.palettes && (method === "kmeans" || method === "nearest")) {
    throw new UsageError(
      "Cannot generate with several of --palette: " +
        `the initialization_method "${method}" makes the palette of the image`,
    );
  }
}

function* listed(flags: SeveralFlags): Generator<[string, string, readonly string[]]> {
  if (flags.prompts) yield ["--prompt", "prompt", flags.prompts];
  if (flags.palettes) yield ["--palette", "generator.palette", flags.palettes];
}
