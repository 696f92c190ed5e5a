/**
 * The config of a run: its type, and reading, merging and writing it as YAML.
 *
 * @module
 */
export { ConfigError } from "./config_error.ts";
export type { ConfigLayer, ConfigValue } from "./config_layer.ts";
export type { ResolvedConfig } from "./merge_run_config.ts";
export { layerOf, parseRunConfig, parseSettings } from "./parse_run_config.ts";
export { type PartialConfig, resolveLayers, resolveRunConfig } from "./resolve_run_config.ts";
export type {
  AugmentationConfig,
  CaptionConfig,
  ControlnetConfig,
  DiffusionConfig,
  GeneratorConfig,
  RunConfig,
  SdConfig,
  TrainingConfig,
} from "./run_config.ts";
export { writeRunConfig } from "./write_run_config.ts";
