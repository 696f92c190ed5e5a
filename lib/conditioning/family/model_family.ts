import type { Latents } from "../../hub/model_ids.ts";
import type { ImageSize } from "../../image/image.ts";
import type { LoraReference } from "../../lora/lora_file.ts";
import type { UnetConfig } from "../../models/unet/unet_config.ts";
import type { Graph } from "../../onnx/graph/graph.ts";
import type { WeightedText } from "../../models/tokenizers/weighted_text.ts";
import type { FloatTensor } from "../../onnx/runtime/float_tensor.ts";
import type { NetworkPrecision } from "../../onnx/runtime/network_precision.ts";
import type { SessionLoader } from "../../onnx/runtime/session.ts";
import type { ModelFolder } from "../../weights/model_folder.ts";

/** What a picture shows and does not show. */
export interface Prompts {
  /** What it shows. */
  readonly prompt: string;
  /** What it does not show; undefined for one row without guidance. */
  readonly negativePrompt?: string | undefined;
}

/** Prompts in the form that text encoders read. */
export interface PromptParts {
  /** What the picture shows. */
  readonly prompt: readonly WeightedText[];
  /** What it does not show; undefined for one row without guidance. */
  readonly negativePrompt?: readonly WeightedText[] | undefined;
}

/**
 * Encoded prompts, in the form that the UNet of a model family takes. The rows, R, are [negative,
 * prompt], or the prompt alone.
 */
export interface Conditioning {
  /** Hidden states of the text encoders, shape [R, L, D]. */
  readonly states: FloatTensor;
  /** Pooled prompts, shape [R, P]; only for a UNet with added conditions. */
  readonly pooled?: FloatTensor;
  /** Image sizes, shape [R, 6]; only for a UNet with added conditions. */
  readonly timeIds?: FloatTensor;
}

/** Encoded prompts by the names of the inputs of a UNet. */
export type ConditioningFeeds = {
  /** {@linkcode Conditioning.states}. */
  readonly encoder_hidden_states: FloatTensor;
  /** {@linkcode Conditioning.pooled}. */
  readonly text_embeds?: FloatTensor;
  /** {@linkcode Conditioning.timeIds}. */
  readonly time_ids?: FloatTensor;
};

/** Returns encoded prompts by the names of the inputs of a UNet. */
export function conditioningFeeds(
  { states, pooled, timeIds }: Conditioning,
): ConditioningFeeds {
  return {
    encoder_hidden_states: states,
    ...(pooled && { text_embeds: pooled }),
    ...(timeIds && { time_ids: timeIds }),
  };
}

/** Returns encoded prompts whose rows are all the last one, that of the prompt. */
export function repeatPrompt({ states, pooled, timeIds }: Conditioning): Conditioning {
  return {
    states: repeatLastRow(states),
    ...(pooled && { pooled: repeatLastRow(pooled) }),
    ...(timeIds && { timeIds: repeatLastRow(timeIds) }),
  };
}

function repeatLastRow({ data, shape }: FloatTensor): FloatTensor {
  const size = data.length / shape[0]!;
  const repeated = new Float32Array(data.length);
  for (let at = 0; at < data.length; at += size) repeated.set(data.subarray(-size), at);
  return { data: repeated, shape };
}

/** Options of {@linkcode PromptEncoder.encode}. */
export interface EncodeOptions extends NetworkPrecision {
  /** Size of the images that the UNet was trained on, in pixels. */
  readonly imageSize: ImageSize;
  /**
   * Layer of the text encoders whose states are used, counted from the last, which is 1. Default:
   * that of the family's training.
   */
  readonly clipSkip?: number;
  /**
   * Max number of chunks of tokens that are encoded one by one and concatenated. Default: 1, as in
   * diffusers.
   */
  readonly maxChunks?: number;
}

/** Options of {@linkcode PromptEncoder.plan}. */
export interface PlanOptions
  extends Pick<NetworkPrecision, "precision">, Pick<EncodeOptions, "clipSkip"> {
  /** Number of rows, R. */
  readonly rows: number;
  /** Number of chunks of tokens. Default: 1. */
  readonly chunks?: number;
}

/** Graphs of a prompt encoder, for a memory plan. */
export interface PromptEncoderPlan {
  /** Graphs of the text encoders; one is loaded at a time. */
  readonly graphs: readonly Graph[];
  /** Number of tokens of all chunks of a prompt: L. */
  readonly promptLength: number;
}

/** The text encoders and tokenizers of a checkpoint. */
export interface PromptEncoder {
  /**
   * Encodes prompts. Each text encoder is loaded, run once and released. Chunks are concatenated;
   * all rows get as many as the longest one needs. The pooled prompt is that of the first chunk.
   *
   * @throws {SessionError} If a network cannot be loaded.
   */
  encode(
    sessions: SessionLoader,
    prompts: PromptParts,
    options: EncodeOptions,
  ): Promise<Conditioning>;
  /**
   * Returns the words beyond a number of chunks, with one that is cut; "" if there are none.
   *
   * @param chunks Default: 1.
   */
  cutWords(text: string, chunks?: number): Promise<string>;
  /** Returns the number of chunks that prompts need, at most `maxChunks`. */
  countChunks(prompts: PromptParts, maxChunks: number): Promise<number>;
  /** Builds the graphs of the text encoders for R rows; their weights are placeholders. */
  plan(options: PlanOptions): Promise<PromptEncoderPlan>;
  /** Lists what of its files is ignored, a sentence each. Default: nothing. */
  notes?(): Promise<string[]>;
}

/** What a prompt encoder is opened from. */
export interface CheckpointSource {
  /** Name for error messages, such as "mini". */
  readonly name: string;
  /** Files in diffusers' layout. */
  readonly folder: ModelFolder;
  /** LoRAs that are merged into the UNet and the text encoders. */
  readonly loras: readonly LoraReference[];
}

/** Folders of a text encoder. */
export interface TextEncoderFolders {
  /** Folder of the network. */
  readonly encoder: "text_encoder" | "text_encoder_2";
  /** Folder of its tokenizer. */
  readonly tokenizer: "tokenizer" | "tokenizer_2";
}

/** Diffusion models that encode prompts in the same way, such as Stable Diffusion XL. */
export interface ModelFamily {
  /** Name for error messages. */
  readonly name: string;
  /** Text encoders and their tokenizers, by the names of their folders. */
  readonly encoders: readonly TextEncoderFolders[];
  /** Kind of the latents. */
  readonly latents: Latents;
  /** Tells whether a UNet belongs to the family. */
  hasUnet(unet: UnetConfig): boolean;
  /**
   * Returns the model of the Hub for a kind of ControlNet, such as "canny_mid"; undefined if none
   * is known.
   */
  controlnetId(id: string, unet: UnetConfig): string | undefined;
  /**
   * Opens the prompt encoder of a checkpoint; weights are not read.
   *
   * @throws {ModelConfigError} If an option is wrong, or does not fit the UNet.
   */
  openPromptEncoder(source: CheckpointSource, unet: UnetConfig): Promise<PromptEncoder>;
}
