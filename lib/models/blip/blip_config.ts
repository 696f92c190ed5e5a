import type { ModelFolder } from "../../weights/model_folder.ts";
import { ModelConfig } from "../model_config.ts";
import { PRETRAINED_OPTIONS } from "../pretrained_options.ts";

/** Sizes of the layers of the image encoder or text decoder of a BLIP. */
export interface BlipLayers {
  /** Width of a token. */
  readonly hiddenSize: number;
  /** Width inside the feed-forward layers. */
  readonly intermediateSize: number;
  /** Number of layers. */
  readonly layers: number;
  /** Number of heads. */
  readonly heads: number;
  /** Added to variances in layer normalization. */
  readonly layerNormEps: number;
}

/** Options of the image encoder. */
export interface BlipVisionConfig extends BlipLayers {
  /** Height and width of the images in pixels. */
  readonly imageSize: number;
  /** Height and width of a patch in pixels. */
  readonly patchSize: number;
}

/** Options of the text decoder. */
export interface BlipTextConfig extends BlipLayers {
  /** Number of tokens in the vocabulary. */
  readonly vocabSize: number;
  /** Max number of tokens of a text. */
  readonly maxPositions: number;
  /** Id of the first token of a text. */
  readonly bosTokenId: number;
  /** Id of the token that ends a text. */
  readonly sepTokenId: number;
}

/** Options of a BlipForConditionalGeneration. */
export interface BlipConfig {
  /** Image encoder. */
  readonly vision: BlipVisionConfig;
  /** Text decoder. */
  readonly text: BlipTextConfig;
}

/** Options that do not change what the graphs compute. */
const HARMLESS_OPTIONS: readonly string[] = [
  ...PRETRAINED_OPTIONS,
  "label_smoothing",
  // For comparing images with texts, not for captions.
  "image_text_hidden_size",
  "projection_dim",
  // Copies of the sections, in older files.
  "text_config_dict",
  "vision_config_dict",
];

/**
 * Reads the options of a captioning network.
 *
 * @param subfolder Folder of the network inside the model folder. Default: "", the model folder
 * itself.
 * @throws {ModelConfigError} If one is missing, wrong or not supported.
 */
export async function readBlipConfig(folder: ModelFolder, subfolder = ""): Promise<BlipConfig> {
  return parseBlipConfig(await ModelConfig.open(folder, subfolder));
}

/**
 * Reads the options of a captioning network from an open file.
 *
 * @throws {ModelConfigError} If one is missing, wrong or not supported.
 */
export function parseBlipConfig(config: ModelConfig): BlipConfig {
  config.choice("model_type", ["blip"]);
  const architectures = ["BlipForConditionalGeneration"] as const;
  config.names("architectures", architectures, architectures);
  // The output layer shares its weight with the token embeddings.
  config.choice("tie_word_embeddings", [true], true);
  const vision = parseVision(config.section("vision_config"));
  const text = parseText(config.section("text_config"), vision.hiddenSize);
  config.assertAllRead(HARMLESS_OPTIONS);
  return { vision, text };
}

function parseVision(config: ModelConfig): BlipVisionConfig {
  config.choice("model_type", ["blip_vision_model"], "blip_vision_model");
  config.choice("num_channels", [3], 3);
  const parsed: BlipVisionConfig = {
    ...parseLayers(config, { heads: 12, layerNormEps: 1e-5 }),
    imageSize: config.integer("image_size", 384),
    patchSize: config.integer("patch_size", 16),
  };
  config.assertAllRead(HARMLESS_OPTIONS);
  return parsed;
}

function parseText(config: ModelConfig, visionWidth: number): BlipTextConfig {
  config.choice("model_type", ["blip_text_model"], "blip_text_model");
  config.choice("is_decoder", [true], true);
  config.choice("encoder_hidden_size", [visionWidth], visionWidth);
  const parsed: BlipTextConfig = {
    ...parseLayers(config, { heads: 8, layerNormEps: 1e-12 }),
    vocabSize: config.integer("vocab_size", 30524),
    maxPositions: config.integer("max_position_embeddings", 512),
    bosTokenId: config.integer("bos_token_id", 30522),
    sepTokenId: config.integer("sep_token_id", 102),
  };
  config.assertAllRead(HARMLESS_OPTIONS);
  return parsed;
}

function parseLayers(
  config: ModelConfig,
  defaults: { readonly heads: number; readonly layerNormEps: number },
): BlipLayers {
  config.choice("hidden_act", ["gelu"], "gelu");
  const hiddenSize = config.integer("hidden_size", 768);
  const heads = config.integer("num_attention_heads", defaults.heads);
  if (hiddenSize % heads !== 0) {
    throw config.refusal("num_attention_heads", `a divisor of hidden_size ${hiddenSize}`);
  }
  return {
    hiddenSize,
    intermediateSize: config.integer("intermediate_size", 3072),
    layers: config.integer("num_hidden_layers", 12),
    heads,
    layerNormEps: config.positive("layer_norm_eps", defaults.layerNormEps),
  };
}
