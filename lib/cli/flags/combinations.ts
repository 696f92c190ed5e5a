import { ConfigError } from "../../../config/config_source.ts";
import type { RunConfig } from "../../../config/run_config.ts";
import { derivedPaletteName } from "../../initialization/initialize.ts";
import type { FlagsOf } from "./flag_table.ts";
import { UsageError } from "./flag.ts";
import { frameConfigs } from "./frame_flags.ts";

/** Maximum number of pictures per call: folder names stay short, and one sheet shows them. */
const MAX_PICTURES = 1000;
/** The maximum seed. Source: config/run_config.ts. */
const MAX_SEED = 2n ** 64n - 1n;

type PictureFlags = Pick<
  FlagsOf<"generate">,
  "prompt" | "palette" | "variations" | "resume" | "set" | "frames"
>;

/** Tells whether flags ask for several pictures in one folder with a contact sheet and an index. */
export function isMultiple({ prompt, palette, variations, frames }: PictureFlags): boolean {
  return isRepeated(prompt) || isRepeated(palette) || variations !== undefined ||
    frames !== undefined;
}

function isRepeated(values: readonly string[] | undefined): values is readonly string[] {
  return values !== undefined && values.length > 1;
}

/**
 * Lists the configs of all pictures that flags ask for: each prompt with each palette and each
 * seed.
 * Seeds change first, then palettes, then prompts.
 *
 * @param config The complete config, for what all pictures share, and the first seed.
 * @throws {UsageError} If flags contradict each other.
 * @throws {ConfigError} If a value does not fit, naming the flag.
 */
export function combinations(flags: PictureFlags, config: RunConfig): RunConfig[] {
  if (flags.frames !== undefined) return frameConfigs(flags.frames, flags, config);
  checkTogether(flags, config);
  const prompts = isRepeated(flags.prompt) ? flags.prompt : [config.prompt];
  const palettes = isRepeated(flags.palette) ? flags.palette : [config.generator.palette];
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
        prompt,
        seed,
        generator: { ...config.generator, palette },
      }))
    )
  );
}

function seedsFrom(first: RunConfig["seed"], typed: string): RunConfig["seed"][] {
  const count = /^\s*\d+\s*$/.test(typed) ? Number(typed) : NaN;
  if (!(count >= 1 && count <= MAX_PICTURES)) {
    throw new ConfigError(
      "--variations",
      "",
      `expected an integer in [1, ${MAX_PICTURES}], got "${typed}"`,
    );
  }
  const start = BigInt(first);
  const last = start + BigInt(count) - 1n;
  if (last > MAX_SEED) {
    throw new ConfigError(
      "--variations",
      "",
      `expected seeds of at most ${MAX_SEED}, got ${first} to ${last}; ` +
        `start with a smaller --seed`,
    );
  }
  return Array.from({ length: count }, (_, i) => {
    const seed = start + BigInt(i);
    return seed <= Number.MAX_SAFE_INTEGER ? Number(seed) : seed;
  });
}

/**
 * Refuses to resume several pictures.
 *
 * @throws {UsageError} If flags ask for both.
 */
export function refuseResume({ resume, prompt, variations, frames }: PictureFlags): void {
  if (resume === undefined) return;
  const found = frames !== undefined
    ? "--frames"
    : variations !== undefined
    ? "--variations"
    : `several of ${isRepeated(prompt) ? "--prompt" : "--palette"}`;
  throw new UsageError(
    `Cannot resume several pictures: expected one run, got ${found} with --resume; ` +
      "resume one folder a call",
  );
}

function checkTogether(flags: PictureFlags, config: RunConfig): void {
  for (const [name, key, values] of listed(flags)) {
    const twice = values.find((value, i) => values.indexOf(value) < i);
    if (twice !== undefined) {
      throw new UsageError(
        `Cannot generate several pictures: expected each ${name} once, got "${twice}" twice; ` +
          `for more pictures of it add --variations`,
      );
    }
    if (flags.set?.some((setting) => setting.slice(0, setting.indexOf("=")).trim() === key)) {
      throw new UsageError(
        `Cannot generate with several of ${name}: "--set ${key}" leaves only one; leave it out`,
      );
    }
  }
  if (isRepeated(flags.prompt) && config.automaticCaption) {
    throw new UsageError(
      "Cannot generate with several of --prompt: automatic_caption replaces them by a caption",
    );
  }
  if (isRepeated(flags.palette) && derivedPaletteName(config) !== undefined) {
    const method = config.generator.initializationMethod;
    throw new UsageError(
      "Cannot generate with several of --palette: " +
        `the initialization_method "${method}" makes the palette from the image`,
    );
  }
}

function* listed(flags: PictureFlags): Generator<[string, string, readonly string[]]> {
  if (isRepeated(flags.prompt)) yield ["--prompt", "prompt", flags.prompt];
  if (isRepeated(flags.palette)) yield ["--palette", "generator.palette", flags.palette];
}
