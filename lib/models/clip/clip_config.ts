import type { ModelFolder } from "../../weights/model_folder.ts";
import { type ClipTextConfig, parseClipTextLayers } from "./clip_text_config.ts";
import { ModelConfig } from "../model_config.ts";
import { PRETRAINED_OPTIONS } from "../pretrained_options.ts";

/** Options of the image encoder of a CLIPModel. */
export interface ClipVisionConfig {
  /** Width of a token. */
  readonly hiddenSize: number;
  /** Width inside the feed-forward layers. */
  readonly intermediateSize: number;
  /** Number of layers. */
  readonly layers: number;
  /** Number of heads. */
  readonly heads: number;
  /** Height and width of the images in pixels. */
  readonly imageSize: number;
  /** Height and width of a patch in pixels. */
  readonly patchSize: number;
  /** Activation of the feed-forward layers. */
  readonly activation: "quick_gelu" | "gelu";
  /** Added to variances in layer normalization. */
  readonly layerNormEps: number;
}

/** Options of a CLIPModel. */
export interface ClipConfig {
  /** Text encoder. */
  readonly text: ClipTextConfig;
  /** Image encoder. */
  readonly vision: ClipVisionConfig;
  /** Width of the embeddings of both encoders, P. */
  readonly projectionDim: number;
}

/** Options of both parts that do not change what the graph computes. */
const HARMLESS_PART_OPTIONS: readonly string[] = [
  ...PRETRAINED_OPTIONS,
  // The option of the whole network applies.
  "projection_dim",
];

/** Options of the whole network that do not change what the graph computes. */
const HARMLESS_OPTIONS: readonly string[] = [
  ...PRETRAINED_OPTIONS,
  // Copies of the sections, in older files.
  "text_config_dict",
  "vision_config_dict",
];

/**
 * Reads the options of a CLIP.
 *
 * @param subfolder Folder of the network inside the model folder. Default: "", the model folder
 * itself.
 * @throws {ModelConfigError} If one is missing, wrong or not supported.
 */
export async function readClipConfig(folder: ModelFolder, subfolder = ""): Promise<ClipConfig> {
  return parseClipConfig(await ModelConfig.open(folder, subfolder));
}

/**
 * Reads the options of a CLIP from an open file.
 *
 * @throws {ModelConfigError} If one is missing, wrong or not supported.
 */
export function parseClipConfig(config: ModelConfig): ClipConfig {
  config.choice("model_type", ["clip"]);
  const projectionDim = config.integer("projection_dim", 512);
  const textSection = config.section("text_config");
  textSection.choice("model_type", ["clip_text_model"], "clip_text_model");
  const text = parseClipTextLayers(textSection, projectionDim);
  textSection.assertAllRead(HARMLESS_PART_OPTIONS);
  const vision = parseVision(config.section("vision_config"));
  config.assertAllRead(HARMLESS_OPTIONS);
  return { text, vision, projectionDim };
}

function parseVision(config: ModelConfig): ClipVisionConfig {
  config.choice("model_type", ["clip_vision_model"], "clip_vision_model");
  config.choice("num_channels", [3], 3);
  const hiddenSize = config.integer("hidden_size", 768);
  const heads = config.integer("num_attention_heads", 12);
  if (hiddenSize % heads !== 0) {
    throw config.refusal("num_attention_heads", `a divisor of hidden_size ${hiddenSize}`);
  }
  const parsed: ClipVisionConfig = {
    hiddenSize,
    intermediateSize: config.integer("intermediate_size", 3072),
    layers: config.integer("num_hidden_layers", 12),
    heads,
    imageSize: config.integer("image_size", 224),
    patchSize: config.integer("patch_size", 32),
    activation: config.choice("hidden_act", ["quick_gelu", "gelu"], "quick_gelu"),
    layerNormEps: config.positive("layer_norm_eps", 1e-5),
  };
  config.assertAllRead(HARMLESS_PART_OPTIONS);
  return parsed;
}
