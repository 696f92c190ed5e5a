/**
 * The config of a run: its type, and reading, merging and writing it as YAML.
 *
 * @module
 */
export { type ConfigKey, configKeys, namesIn } from "./config_keys.ts";
export { ConfigError, type ConfigSource, type ConfigValue } from "./config_source.ts";
export type {
  ConfigOf,
  ItemOfKey,
  KeySpec,
  KeySpecs,
  KeyValue,
  ValueOfKey,
} from "./keys/key_spec.ts";
export { parseRunConfig, parseSettings, sourceOf } from "./parse_run_config.ts";
export {
  type PartialConfig,
  type ResolvedConfig,
  resolveRunConfig,
  resolveSources,
} from "./resolve_run_config.ts";
export {
  type AugmentationConfig,
  type CaptionConfig,
  CONFIG_KEYS,
  type ControlnetConfig,
  type DiffusionConfig,
  type GeneratorConfig,
  type RunConfig,
  type SdConfig,
  type TrainingConfig,
} from "./run_config.ts";
export { writeRunConfig } from "./write_run_config.ts";
