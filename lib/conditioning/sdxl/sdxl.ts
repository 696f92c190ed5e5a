import { PENULTIMATE_STATES } from "../../models/clip/clip_text_model.ts";
import { ModelConfig } from "../../models/model_config.ts";
import type { FloatTensor } from "../../onnx/runtime/float_tensor.ts";
import type { SessionLoader } from "../../onnx/runtime/session.ts";
import type { ModelFolder } from "../../weights/model_folder.ts";
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
import { makeTimeIds } from "./time_ids.ts";

const FIRST: TextEncoderFolders = { encoder: "text_encoder", tokenizer: "tokenizer" };
const SECOND: TextEncoderFolders = { encoder: "text_encoder_2", tokenizer: "tokenizer_2" };

/** Stable Diffusion XL: two text encoders; the UNet also takes the pooled prompt and sizes. */
export const SDXL: ModelFamily = {
  name: "Stable Diffusion XL",
  encoders: [FIRST, SECOND],
  hasUnet: ({ addedConditions, inChannels, outChannels }) =>
    addedConditions !== undefined && inChannels === outChannels,
  latents: "SDXL",
  controlnetId: (id) => id,
  openPromptEncoder: async (source) =>
    new SdxlPromptEncoder(source, await readForceZeros(source.folder)),
};

const TOKENIZERS = [FIRST.tokenizer, SECOND.tokenizer] as const;

/**
 * The prompt encoder of SDXL.
 *
 * Source: Podell et al. 2023, https://arxiv.org/abs/2307.01952, section 2.1; diffusers'
 * `StableDiffusionXLPipeline.encode_prompt`.
 */
class SdxlPromptEncoder implements PromptEncoder {
  readonly #source: CheckpointSource;
  /** Whether an empty negative prompt stands for zeros instead of being encoded. */
  readonly #forceZeros: boolean;

  constructor(source: CheckpointSource, forceZeros: boolean) {
    this.#source = source;
    this.#forceZeros = forceZeros;
  }

  async encode(
    sessions: SessionLoader,
    prompts: PromptParts,
    options: EncodeOptions,
  ): Promise<Conditioning> {
    const rows = rowsOf(prompts);
    const chunks = await this.countChunks(prompts, options.maxChunks ?? 1);
    const [one, two] = encodersOf(options);
    const first = await encodeTexts(sessions, this.#source, rows, { ...options, ...one, chunks });
    const second = await encodeTexts(sessions, this.#source, rows, { ...options, ...two, chunks });
    const states = joinTokens(first.states, second.states);
    const { pooled } = second;
    if (!pooled) {
      throw new TypeError(
        `Cannot encode prompts for the teacher "${this.#source.name}": ` +
          `expected a text_encoder_2 of the class CLIPTextModelWithProjection`,
      );
    }
    const isNegativeEmpty = prompts.negativePrompt?.every(({ text }) => text === "") ?? false;
    if (isNegativeEmpty && this.#forceZeros) {
      for (const { data } of [states, pooled]) data.fill(0, 0, data.length / 2);
    }
    return { states, pooled, timeIds: makeTimeIds(options.imageSize, rows.length) };
  }

  async cutWords(text: string, chunks = 1): Promise<string> {
    return await cutWords(this.#source, TOKENIZERS, text, chunks);
  }

  async countChunks(prompts: PromptParts, maxChunks: number): Promise<number> {
    return await countChunks(this.#source, TOKENIZERS, prompts, maxChunks);
  }

  async notes(): Promise<string[]> {
    return await encoderNotes(this.#source, [FIRST, SECOND]);
  }

  async plan(options: PlanOptions): Promise<PromptEncoderPlan> {
    const plans = await Promise.all(
      encodersOf(options).map((encoder) => planEncoder(this.#source, encoder, options)),
    );
    return { graphs: plans.map(({ graph }) => graph), promptLength: plans[0]!.promptLength };
  }
}

/** Returns both text encoders. Only the second one's pooled texts are used. */
function encodersOf(
  { clipSkip = PENULTIMATE_STATES.layerFromEnd }: Pick<EncodeOptions, "clipSkip">,
): readonly [TextEncoder, TextEncoder] {
  const states = { ...PENULTIMATE_STATES, layerFromEnd: clipSkip };
  return [{ ...FIRST, states, projects: true }, { ...SECOND, states, projects: true }];
}

/** Without the file, an empty negative prompt is encoded like any other. */
async function readForceZeros(folder: ModelFolder): Promise<boolean> {
  if (!await folder.has("model_index.json")) return false;
  const index = await ModelConfig.open(folder, "", "model_index.json");
  return index.boolean("force_zeros_for_empty_prompt", false);
}

/** Concatenates the tokens of two encoders: [R, L, D1] and [R, L, D2] -> [R, L, D1 + D2]. */
function joinTokens(first: FloatTensor, second: FloatTensor): FloatTensor {
  const [rows, length, firstWidth] = first.shape as [number, number, number];
  const [, secondLength, secondWidth] = second.shape as [number, number, number];
  if (length !== secondLength) {
    throw new RangeError(
      `Cannot concatenate the tokens of two text encoders: expected the same model_max_length ` +
        `of both tokenizers, got ${length} and ${secondLength}`,
    );
  }
  const width = firstWidth + secondWidth;
  const data = new Float32Array(rows * length * width);
  for (let token = 0; token < rows * length; token++) {
    data.set(first.data.subarray(token * firstWidth, (token + 1) * firstWidth), token * width);
    data.set(
      second.data.subarray(token * secondWidth, (token + 1) * secondWidth),
      token * width + firstWidth,
    );
  }
  return { data, shape: [rows, length, width] };
}
