import type { ModelConfig } from "../model_config.ts";
import { PRETRAINED_OPTIONS } from "../pretrained_options.ts";
import { readVitOptions, type VitConfig } from "./vit_config.ts";

/** Options of a Dinov2Backbone. */
export interface Dinov2Config extends VitConfig {
  /** Whether the outputs are normalized. */
  readonly applyLayernorm: boolean;
  /** Layers whose outputs are returned, from 1; 0 is the input of the first layer. */
  readonly outIndices: readonly number[];
}

/** Options that do not change what the graph computes. */
const HARMLESS_OPTIONS: readonly string[] = [
  ...PRETRAINED_OPTIONS,
  // Initial values for training.
  "layerscale_value",
  // Masked patches are for training.
  "use_mask_token",
  "stage_names",
];

/**
 * Reads the options of a backbone from an open file or a section of one.
 *
 * @throws {ModelConfigError} If one is missing, wrong or not supported.
 */
export function parseDinov2Config(config: ModelConfig): Dinov2Config {
  config.choice("model_type", ["dinov2"], "dinov2");
  config.choice("reshape_hidden_states", [false]);
  config.requireOff("use_swiglu_ffn");
  const common = readVitOptions(config, { imageSize: 224, layerNormEps: 1e-6 });
  const parsed: Dinov2Config = {
    ...common,
    intermediateSize: Math.trunc(common.hiddenSize * config.positive("mlp_ratio", 4)),
    patchSize: config.integer("patch_size", 14),
    applyLayernorm: config.boolean("apply_layernorm", true),
    outIndices: readOutIndices(config, common.layers),
  };
  config.assertAllRead(HARMLESS_OPTIONS);
  return parsed;
}

/** Reads the layers: "stem", "stage1", "stage2", ... in `out_features`, else indices. */
function readOutIndices(config: ModelConfig, layers: number): readonly number[] {
  const stages = ["stem", ...Array.from({ length: layers }, (_, i) => `stage${i + 1}`)];
  const hasNames = (config.get("out_features") ?? undefined) !== undefined;
  const indices = hasNames
    ? config.names("out_features", stages, []).map((name) => stages.indexOf(name))
    : config.integers("out_indices", [layers], 0);
  config.get("out_indices");
  if (indices.every((index, i) => index <= layers && index > (indices[i - 1] ?? -1))) {
    return indices;
  }
  throw config.refusal("out_indices", `numbers of layers up to ${layers}, ascending`);
}
