import { controlnetKind } from "../../hub/model_ids.ts";
import { parseClipTextConfig } from "../../models/clip/clip_text_config.ts";
import { ModelConfig } from "../../models/model_config.ts";
import type { SessionLoader } from "../../onnx/runtime/session.ts";
import {
  encoderNotes,
  encodeTexts,
  planEncoder,
  type TextEncoder,
} from "../family/encode_texts.ts";
import { countChunks, cutWords, rowsOf } from "../family/tokenize_prompts.ts";
import type {
  CheckpointSource,
  Conditioning,
  EncodeOptions,
  ModelFamily,
  PlanOptions,
  PromptEncoder,
  PromptEncoderPlan,
  PromptParts,
  TextEncoderFolders,
} from "../family/model_family.ts";

const ENCODER: TextEncoderFolders = { encoder: "text_encoder", tokenizer: "tokenizer" };
const TOKENIZERS = [ENCODER.tokenizer] as const;

/** Width of the prompts of Stable Diffusion 1. No ControlNets of version 2 have a short name. */
const SD1_WIDTH = 768;

/** Stable Diffusion 1 and 2: one text encoder; the UNet takes its states only. */
export const STABLE_DIFFUSION: ModelFamily = {
  name: "Stable Diffusion 1 or 2",
  encoders: [ENCODER],
  hasUnet: ({ addedConditions, inChannels, outChannels }) =>
    addedConditions === undefined && inChannels === outChannels,
  latents: "Stable Diffusion 1 and 2",
  controlnetId: (id, { crossAttentionDim }) =>
    crossAttentionDim === SD1_WIDTH ? `${controlnetKind(id)}_sd15` : undefined,
  openPromptEncoder: async (source, { crossAttentionDim }) => {
    const config = await ModelConfig.open(source.folder, "text_encoder");
    if (parseClipTextConfig(config).hiddenSize !== crossAttentionDim) {
      throw config.refusal(
        "hidden_size",
        `${crossAttentionDim}, the cross_attention_dim of the UNet`,
      );
    }
    return new StableDiffusionPromptEncoder(source);
  },
};

/**
 * The prompt encoder of Stable Diffusion 1 and 2: the states of the last layer, normalized. The
 * text encoder of Stable Diffusion 2 lacks the last layer of OpenCLIP's, so its last one is the
 * layer that was used in training.
 *
 * Source: Rombach et al. 2022, https://arxiv.org/abs/2112.10752; diffusers'
 * `StableDiffusionPipeline.encode_prompt`.
 */
class StableDiffusionPromptEncoder implements PromptEncoder {
  readonly #source: CheckpointSource;

  constructor(source: CheckpointSource) {
    this.#source = source;
  }

  async encode(
    sessions: SessionLoader,
    prompts: PromptParts,
    options: EncodeOptions,
  ): Promise<Conditioning> {
    const chunks = await this.countChunks(prompts, options.maxChunks ?? 1);
    const all = { ...options, ...encoderOf(options), chunks };
    const { states } = await encodeTexts(sessions, this.#source, rowsOf(prompts), all);
    return { states };
  }

  async cutWords(text: string, chunks = 1): Promise<string> {
    return await cutWords(this.#source, TOKENIZERS, text, chunks);
  }

  async countChunks(prompts: PromptParts, maxChunks: number): Promise<number> {
    return await countChunks(this.#source, TOKENIZERS, prompts, maxChunks);
  }

  async notes(): Promise<string[]> {
    return await encoderNotes(this.#source, [ENCODER]);
  }

  async plan(options: PlanOptions): Promise<PromptEncoderPlan> {
    const { graph, promptLength } = await planEncoder(this.#source, encoderOf(options), options);
    return { graphs: [graph], promptLength };
  }
}

function encoderOf({ clipSkip = 1 }: Pick<EncodeOptions, "clipSkip">): TextEncoder {
  return {
    ...ENCODER,
    states: { layerFromEnd: clipSkip, normalized: true },
    projects: false,
  };
}
