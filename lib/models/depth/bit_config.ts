import type { ModelConfig } from "../model_config.ts";
import { PRETRAINED_OPTIONS } from "../pretrained_options.ts";

/** Options of a BitBackbone of bottleneck layers with three stages. */
export interface BitConfig {
  /** Channels after the first convolution. */
  readonly embeddingSize: number;
  /** Channels of each stage. */
  readonly hiddenSizes: readonly number[];
  /** Number of layers in each stage. */
  readonly depths: readonly number[];
  /** Groups of the normalizations. */
  readonly groups: number;
}

/** Stages of the backbone of a hybrid depth estimator, which uses the outputs of all. */
const STAGES: readonly string[] = ["stage1", "stage2", "stage3"];

/** Options that do not change what the graph computes. */
const HARMLESS_OPTIONS: readonly string[] = [
  ...PRETRAINED_OPTIONS,
  // Names and indices of stages, which `depths` and `out_features` give too.
  "stage_names",
  "out_indices",
  "_out_features",
  "_out_indices",
];

/**
 * Reads the options of a backbone from an open file or a section of one.
 *
 * @throws {ModelConfigError} If one is missing, wrong or not supported.
 */
export function parseBitConfig(config: ModelConfig): BitConfig {
  config.choice("model_type", ["bit"], "bit");
  config.choice("layer_type", ["bottleneck"], "preactivation" as "bottleneck");
  config.choice("hidden_act", ["relu"], "relu");
  config.choice("num_channels", [3], 3);
  config.choice("global_padding", ["same", "SAME"]);
  config.choice("embedding_dynamic_padding", [true], false as true);
  config.choice("width_factor", [1], 1);
  // A smaller value would dilate later stages instead of halving them.
  config.choice("output_stride", [32], 32);
  const features = config.names("out_features", STAGES, []);
  if (features.join() !== STAGES.join()) {
    throw config.refusal("out_features", STAGES.join(", "));
  }
  const depths = config.integers("depths", [3, 4, 6, 3]);
  if (depths.length !== STAGES.length) throw config.refusal("depths", "3 integers");
  const hiddenSizes = config.integers("hidden_sizes", [256, 512, 1024, 2048]);
  if (hiddenSizes.length < STAGES.length) throw config.refusal("hidden_sizes", "3 integers");
  const parsed: BitConfig = {
    embeddingSize: config.integer("embedding_size", 64),
    // A fourth value is for a stage that only classifiers have.
    hiddenSizes: hiddenSizes.slice(0, STAGES.length),
    depths,
    groups: config.integer("num_groups", 32),
  };
  config.assertAllRead(HARMLESS_OPTIONS);
  return parsed;
}
