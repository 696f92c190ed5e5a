import { checkRunConfig, takesTimesteps } from "./check_run_config.ts";
import { configKeys, isKey, yamlName } from "./config_keys.ts";
import type { ConfigSource } from "./config_source.ts";
import { parseRunConfig, sourceOf } from "./parse_run_config.ts";
import draftText from "./presets/draft.yaml" with { type: "text" };
import maxText from "./presets/max.yaml" with { type: "text" };
import paperText from "./presets/paper.yaml" with { type: "text" };
import standardText from "./presets/standard.yaml" with { type: "text" };
import { CONFIG_KEYS, type RunConfig } from "./run_config.ts";

const PRESETS: Readonly<Record<RunConfig["preset"], string>> = {
  draft: draftText,
  standard: standardText,
  max: maxText,
  paper: paperText,
};

/** A part of a config, at any depth. */
export type PartialConfig<T = RunConfig> = {
  readonly [K in keyof T]?: NonNullable<T[K]> extends readonly unknown[] ? T[K]
    : NonNullable<T[K]> extends object ? PartialConfig<T[K]>
    : T[K];
};

/** A complete config and what the user should know about it. */
export interface ResolvedConfig {
  /** The config. */
  readonly config: RunConfig;
  /** Sentences, such as which keys have no effect. */
  readonly notes: readonly string[];
}

/**
 * Completes a config: defaults, then the preset, then the sources, later ones over earlier ones.
 *
 * The last source that names a preset decides which one it is. Without one it is "standard".
 *
 * @throws {ConfigError} If values contradict each other.
 */
export function resolveSources(sources: readonly ConfigSource[]): ResolvedConfig {
  const defaults = defaultSource();
  const named = [defaults, ...sources].findLast(({ values }) => values.has("preset"))!;
  const preset = named.values.get("preset")!.value as RunConfig["preset"];
  const presetSource = parseRunConfig(PRESETS[preset], `presets/${preset}.yaml`);
  const config = merge([defaults, presetSource, ...sources]);
  return { config, notes: [...new Set(sources.flatMap(({ notes }) => notes))] };
}

function defaultSource(): ConfigSource {
  const values = configKeys().map(({ path, spec }) =>
    [path, { value: spec.default, where: "default" }] as const
  );
  return { values: new Map(values), notes: [] };
}

/**
 * Adds a source to earlier ones. A list of timesteps and other keys of steps exclude each other:
 * the later source wins. So a finished run's config, which has all keys, takes other steps.
 */
function addSource(
  earlier: ConfigSource["values"],
  { values }: ConfigSource,
): ConfigSource["values"] {
  const asks = (key: string) => (values.get(`diffusion.${key}`)?.value ?? null) !== null;
  const sampler = values.get("diffusion.sampler")?.value as RunConfig["diffusion"]["sampler"];
  const excluded = asks("timesteps")
    ? "num_inference_steps"
    : asks("num_inference_steps") || asks("timestep_spacing") ||
        (sampler && !takesTimesteps(sampler))
    ? "timesteps"
    : undefined;
  const merged = new Map([...earlier, ...values]);
  const key = `diffusion.${excluded}`;
  if (excluded && earlier.has(key) && !values.has(key)) {
    merged.set(key, { ...earlier.get(key)!, value: null });
  }
  return merged;
}

/** Merges sources that together have all keys, and checks values against each other. */
function merge(sources: readonly ConfigSource[]): RunConfig {
  const values = sources.reduce(addSource, new Map());
  const config: Record<string, unknown> = {};
  for (const { path, names } of configKeys()) {
    let section = config;
    for (const name of names.slice(0, -1)) {
      section = (section[name] ??= {}) as Record<string, unknown>;
    }
    section[names.at(-1)!] = values.get(path)!.value;
  }
  const merged = config as unknown as RunConfig;
  checkRunConfig(merged, (path) => values.get(path)!.where);
  return merged;
}

/**
 * Completes a config that a program gives in part.
 *
 * @throws {ConfigError} If a key is unknown, a value is not allowed, or values contradict each
 *   other.
 */
export function resolveRunConfig(part: PartialConfig = {}): RunConfig {
  return resolveSources([sourceOf(flatten(part, CONFIG_KEYS, ""), "")]).config;
}

/** Lists the values of a part of a config by dotted key. */
function flatten(part: object, section: object, above: string): Record<string, unknown> {
  const flat: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(part)) {
    const path = above + yamlName(name);
    const inner = (section as Readonly<Record<string, object | undefined>>)[name];
    const isSection = inner !== undefined && !isKey(inner) &&
      typeof value === "object" && value !== null;
    if (isSection) Object.assign(flat, flatten(value, inner, `${path}.`));
    else flat[path] = value;
  }
  return flat;
}
