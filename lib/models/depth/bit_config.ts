import type { ModelConfig } from "../model_config.ts";
import { PRETRAINED_OPTIONS } from "../pretrained_options.ts";

/** Options of a BitBackbone of bottleneck layers with three stages. */
export interface BitConfig {
  /** Channels behind the first convolution. */
  readonly embeddingSize: number;
  /** Channels of the stages. */
  readonly hiddenSizes: readonly number[];
  /** Number of layers in each stage. */
  readonly depths: readonly number[];
  /** Groups of channels that are normalized together. */
  readonly groups: number;
}

/** Stages of the backbone of a hybrid depth estimator, which uses the result of each. */
const STAGES: readonly string[] = ["stage1", "stage2", "stage3"];

/** Options that do not change what a graph computes. */
const HARMLESS_OPTIONS: readonly string[] = [
  ...PRETRAINED_OPTIONS,
  // Names and numbers of stages that `depths` and `out_features` tell too.
  "stage_names",
  "out_indices",
  "_out_features",
  "_out_indices",
];

/** Reads the options of a backbone from an open file or a section of one. */
export function parseBitConfig(config: ModelConfig): BitConfig {
  config.choice("model_type", ["bit"], "bit");
  config.choice("layer_type", ["bottleneck"], "preactivation" as "bottleneck");
  config.choice("hidden_act", ["relu"], "relu");
  config.choice("num_channels", [3], 3);
  config.choice("global_padding", ["same", "SAME"]);
  config.choice("embedding_dynamic_padding", [true], false as true);
  config.choice("width_factor", [1], 1);
  // Less would make later stages dilated instead of smaller.
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
    // A fourth is for a stage that a network for classes would have.
    hiddenSizes: hiddenSizes.slice(0, STAGES.length),
    depths,
    groups: config.integer("num_groups", 32),
  };
  config.assertAllRead(HARMLESS_OPTIONS);
  return parsed;
}
