import type { ModelFolder } from "../../weights/model_folder.ts";
import { ModelConfig } from "../model_config.ts";
import { PRETRAINED_OPTIONS } from "../pretrained_options.ts";

/** Options of a CLIPTextModel, with or without projection. */
export interface ClipTextConfig {
  /** Number of tokens in the vocabulary. */
  readonly vocabSize: number;
  /** Width of a token. */
  readonly hiddenSize: number;
  /** Width inside the feed-forward layers. */
  readonly intermediateSize: number;
  /** Number of layers. */
  readonly layers: number;
  /** Number of heads. */
  readonly heads: number;
  /** Max number of tokens of a text. */
  readonly maxPositions: number;
  /** Activation of the feed-forward layers. */
  readonly activation: "quick_gelu" | "gelu";
  /** Added to variances in layer normalization. */
  readonly layerNormEps: number;
  /** Id of the token whose hidden state is the pooled text. */
  readonly eosTokenId: number;
  /** Width of the projected pooled text; undefined without projection. */
  readonly projectionDim: number | undefined;
  /** Options of the file that this version does not know. Default: none. */
  readonly ignoredOptions?: readonly string[];
}

/** Options that do not change what the graph computes. */
const HARMLESS_OPTIONS: readonly string[] = [
  ...PRETRAINED_OPTIONS,
  // Read if there is a projection.
  "projection_dim",
];

/**
 * Reads the options of a text encoder.
 *
 * @param subfolder Folder of the network inside the model folder, such as "text_encoder".
 * @throws {ModelConfigError} If one is missing, wrong or not supported.
 */
export async function readClipTextConfig(
  folder: ModelFolder,
  subfolder: string,
): Promise<ClipTextConfig> {
  return parseClipTextConfig(await ModelConfig.open(folder, subfolder));
}

/**
 * Reads the options of a text encoder from an open file.
 *
 * @throws {ModelConfigError} If one is missing, wrong or not supported.
 */
export function parseClipTextConfig(config: ModelConfig): ClipTextConfig {
  config.choice("model_type", ["clip_text_model"], "clip_text_model");
  const hasProjection = readArchitecture(config) === "CLIPTextModelWithProjection";
  const parsed = parseClipTextLayers(
    config,
    hasProjection ? config.integer("projection_dim", 512) : undefined,
  );
  return { ...parsed, ignoredOptions: config.unreadOptions(HARMLESS_OPTIONS) };
}

/**
 * Reads the options of the layers: those of a text encoder, or a section of a CLIPModel's file.
 *
 * @param projectionDim Width of the projection, which is read elsewhere.
 * @throws {ModelConfigError} If one is missing, wrong or not supported.
 */
export function parseClipTextLayers(
  config: ModelConfig,
  projectionDim: number | undefined,
): ClipTextConfig {
  const hiddenSize = config.integer("hidden_size", 512);
  const heads = config.integer("num_attention_heads", 8);
  if (hiddenSize % heads !== 0) {
    throw config.refusal("num_attention_heads", `a divisor of hidden_size ${hiddenSize}`);
  }
  return {
    vocabSize: config.integer("vocab_size", 49408),
    hiddenSize,
    intermediateSize: config.integer("intermediate_size", 2048),
    layers: config.integer("num_hidden_layers", 12),
    heads,
    maxPositions: config.integer("max_position_embeddings", 77),
    activation: config.choice("hidden_act", ["quick_gelu", "gelu"], "quick_gelu"),
    layerNormEps: config.positive("layer_norm_eps", 1e-5),
    eosTokenId: config.integer("eos_token_id", 49407),
    projectionDim,
  };
}

function readArchitecture(config: ModelConfig): string {
  const kinds = ["CLIPTextModel", "CLIPTextModelWithProjection"] as const;
  const names = config.names("architectures", kinds, []);
  if (names.length === 1) return names[0]!;
  throw config.refusal("architectures", "one name");
}
