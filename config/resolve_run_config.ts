import { configKeys, yamlName } from "./config_keys.ts";
import type { ConfigLayer } from "./config_layer.ts";
import defaultText from "./default.yaml" with { type: "text" };
import { mergeRunConfig, type ResolvedConfig } from "./merge_run_config.ts";
import { layerOf, parseRunConfig } from "./parse_run_config.ts";
import draftText from "./presets/draft.yaml" with { type: "text" };
import maxText from "./presets/max.yaml" with { type: "text" };
import paperText from "./presets/paper.yaml" with { type: "text" };
import standardText from "./presets/standard.yaml" with { type: "text" };
import type { RunConfig } from "./run_config.ts";

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

/**
 * Completes a config: defaults, then the preset, then the layers, later ones over earlier ones.
 *
 * The preset is the one that the last layer names that names one, else "standard".
 *
 * @throws {ConfigError} If values contradict each other.
 */
export function resolveLayers(layers: readonly ConfigLayer[]): ResolvedConfig {
  const defaults = parseRunConfig(defaultText, "default.yaml");
  const chosen = [defaults, ...layers].findLast((layer) => layer.values.has("preset"));
  const preset = chosen!.values.get("preset")!.value as RunConfig["preset"];
  const presetLayer = parseRunConfig(PRESETS[preset], `presets/${preset}.yaml`);
  // The notes are for what the user wrote.
  const quiet = [defaults, presetLayer].map(({ values }) => ({ values, notes: [] }));
  return mergeRunConfig([...quiet, ...layers]);
}

/**
 * Completes a config that a program gives in part.
 *
 * @throws {ConfigError} If a key is unknown or a value does not fit.
 */
export function resolveRunConfig(part: PartialConfig = {}): RunConfig {
  return resolveLayers([layerOf(flatten(part, ""), "")]).config;
}

const SECTIONS = new Set(configKeys().flatMap(({ names }) => names.slice(0, -1)));

function flatten(part: object, above: string): Record<string, unknown> {
  const flat: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(part)) {
    const path = above + yamlName(name);
    const isSection = SECTIONS.has(name) && typeof value === "object" && value !== null;
    if (isSection) Object.assign(flat, flatten(value, `${path}.`));
    else flat[path] = value;
  }
  return flat;
}
