import { readClipTextConfig } from "../models/clip/clip_text_config.ts";
import { buildClipTextModel } from "../models/clip/clip_text_model.ts";
import { openClipTokenizer } from "../models/tokenizers/clip_tokenizer.ts";
import { type NetworkPrecision, preferredFile } from "../onnx/runtime/network_precision.ts";
import type { SessionLoader } from "../onnx/runtime/session.ts";
import type { TeacherFolder } from "./teacher_folder.ts";
import { openTeacherWeights } from "./teacher_weights.ts";
import { asFloatTensor, type FloatTensor } from "../onnx/runtime/float_tensor.ts";

/** What a picture shall show and shall not show. */
export interface Prompts {
  /** What it shows. */
  readonly prompt: string;
  /** What it must not show; undefined where nobody asks, which leaves one row. */
  readonly negativePrompt?: string | undefined;
}

/** Prompts as a UNet reads them: rows [negative, prompt], or one row for the prompt alone. */
export interface PromptEmbeddings {
  /** Tokens of both encoders side by side, shape [R, L, D1 + D2]. */
  readonly promptEmbeds: FloatTensor;
  /** The prompt as a whole, from the second encoder, shape [R, P]. */
  readonly pooledPromptEmbeds: FloatTensor;
}

/**
 * Encodes prompts with both text encoders of a teacher and its LoRAs; each is released when it is
 * done.
 *
 * Source: Podell et al. 2023, https://arxiv.org/abs/2307.01952, section 2.1; as diffusers'
 * `StableDiffusionXLPipeline.encode_prompt`.
 *
 * @param sessions Loads the encoders.
 */
export async function encodePrompts(
  sessions: SessionLoader,
  teacher: TeacherFolder,
  prompts: Prompts,
  options: NetworkPrecision = {},
): Promise<PromptEmbeddings> {
  const { prompt, negativePrompt } = prompts;
  const texts = negativePrompt === undefined ? [prompt] : [negativePrompt, prompt];
  const first = await encodeTexts(sessions, teacher, texts, { ...options, suffix: "" });
  const second = await encodeTexts(sessions, teacher, texts, { ...options, suffix: "_2" });
  const promptEmbeds = joinTokens(first.hiddenStates, second.hiddenStates);
  const pooledPromptEmbeds = second.textEmbeds;
  if (!pooledPromptEmbeds) {
    throw new TypeError(
      `Cannot encode prompts for the teacher "${teacher.name}": ` +
        `expected a text_encoder_2 of the class CLIPTextModelWithProjection`,
    );
  }
  if (negativePrompt === "" && teacher.forceZerosForEmptyPrompt) {
    for (const { data } of [promptEmbeds, pooledPromptEmbeds]) data.fill(0, 0, data.length / 2);
  }
  return { promptEmbeds, pooledPromptEmbeds };
}

interface EncodedTexts {
  /** Shape [R, L, D]. */
  readonly hiddenStates: FloatTensor;
  /** Shape [R, P]; undefined without projection. */
  readonly textEmbeds: FloatTensor | undefined;
}

async function encodeTexts(
  sessions: SessionLoader,
  teacher: TeacherFolder,
  texts: readonly string[],
  options: NetworkPrecision & { readonly suffix: "" | "_2" },
): Promise<EncodedTexts> {
  const { suffix } = options;
  const { folder } = teacher;
  const subfolder = `text_encoder${suffix}` as const;
  const tokenizer = await openClipTokenizer(folder, `tokenizer${suffix}`);
  const config = await readClipTextConfig(folder, subfolder);
  using opened = await openTeacherWeights(teacher, subfolder, { prefer: preferredFile(options) });
  const [batch, length] = [texts.length, tokenizer.maxLength];
  const graph = buildClipTextModel(opened.weights, config, { ...options, batch, length });
  await using session = await sessions.load(graph, { transient: true });
  const ids = texts.flatMap((text) => tokenizer.encode(text));
  const { outputs } = await session.runHost({
    input_ids: { data: BigInt64Array.from(ids, BigInt), shape: [batch, length] },
  });
  return {
    hiddenStates: asFloatTensor(outputs["hidden_states"]!),
    textEmbeds: outputs["text_embeds"] && asFloatTensor(outputs["text_embeds"]),
  };
}

/** Puts the tokens of two encoders side by side: [R, L, D1] and [R, L, D2] -> [R, L, D1 + D2]. */
function joinTokens(first: FloatTensor, second: FloatTensor): FloatTensor {
  const [rows, length, firstWidth] = first.shape as [number, number, number];
  const [, secondLength, secondWidth] = second.shape as [number, number, number];
  if (length !== secondLength) {
    throw new RangeError(
      `Cannot join the tokens of two text encoders: expected the same model_max_length of both ` +
        `tokenizers, got ${length} and ${secondLength}`,
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
