import type { ModelConfig } from "../model_config.ts";
import { PRETRAINED_OPTIONS } from "../pretrained_options.ts";

/** Options of a Dinov2Backbone. */
export interface Dinov2Config {
  /** Width of a token. */
  readonly hiddenSize: number;
  /** Number of layers. */
  readonly layers: number;
  /** Number of heads. */
  readonly heads: number;
  /** Width inside the feed-forward layers. */
  readonly intermediateSize: number;
  /** Height and width of the images in training, in pixels. */
  readonly imageSize: number;
  /** Height and width of a patch in pixels. */
  readonly patchSize: number;
  /** Added to variances in layer normalization. */
  readonly layerNormEps: number;
  /** Whether the projections of attention have a bias. */
  readonly qkvBias: boolean;
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
  config.choice("hidden_act", ["gelu"], "gelu");
  config.choice("num_channels", [3], 3);
  config.choice("reshape_hidden_states", [false]);
  config.requireOff("use_swiglu_ffn");
  const hiddenSize = config.integer("hidden_size", 768);
  const heads = config.integer("num_attention_heads", 12);
  if (hiddenSize % heads !== 0) {
    throw config.refusal("num_attention_heads", `a divisor of hidden_size ${hiddenSize}`);
  }
  const layers = config.integer("num_hidden_layers", 12);
  const parsed: Dinov2Config = {
    hiddenSize,
    layers,
    heads,
    intermediateSize: Math.trunc(hiddenSize * config.positive("mlp_ratio", 4)),
    imageSize: config.integer("image_size", 224),
    patchSize: config.integer("patch_size", 14),
    layerNormEps: config.positive("layer_norm_eps", 1e-6),
    qkvBias: config.boolean("qkv_bias", true),
    applyLayernorm: config.boolean("apply_layernorm", true),
    outIndices: readOutIndices(config, layers),
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
