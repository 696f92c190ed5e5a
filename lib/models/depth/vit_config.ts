import type { ModelConfig } from "../model_config.ts";

/** Options of a vision transformer. */
export interface VitConfig {
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
  /** Height and width of the patch of a token, in pixels. */
  readonly patchSize: number;
  /** Added to variances in layer normalization. */
  readonly layerNormEps: number;
  /** Whether the projections of attention have a bias. */
  readonly qkvBias: boolean;
}

/** Options that every vision transformer of transformers spells alike. */
export type CommonVitOptions = Omit<VitConfig, "intermediateSize" | "patchSize">;

/**
 * Reads the options that all vision transformers spell alike.
 *
 * @param defaults Values of options that differ between their classes.
 * @throws {ModelConfigError} If one is wrong or not supported.
 */
export function readVitOptions(
  config: ModelConfig,
  defaults: Pick<VitConfig, "imageSize" | "layerNormEps">,
): CommonVitOptions {
  config.choice("hidden_act", ["gelu"], "gelu");
  config.choice("num_channels", [3], 3);
  const hiddenSize = config.integer("hidden_size", 768);
  const heads = config.integer("num_attention_heads", 12);
  if (hiddenSize % heads !== 0) {
    throw config.refusal("num_attention_heads", `a divisor of hidden_size ${hiddenSize}`);
  }
  return {
    hiddenSize,
    heads,
    layers: config.integer("num_hidden_layers", 12),
    imageSize: config.integer("image_size", defaults.imageSize),
    layerNormEps: config.positive("layer_norm_eps", defaults.layerNormEps),
    qkvBias: config.boolean("qkv_bias", true),
  };
}
