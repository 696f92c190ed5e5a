import { readClipTextConfig } from "../../models/clip/clip_text_config.ts";
import { buildClipTextModel, type ClipStates } from "../../models/clip/clip_text_model.ts";
import { openClipTokenizer, type TokenChunk } from "../../models/tokenizers/clip_tokenizer.ts";
import { hasWeights } from "../../models/tokenizers/weighted_text.ts";
import type { Graph } from "../../onnx/graph/graph.ts";
import { asFloatTensor, type FloatTensor } from "../../onnx/runtime/float_tensor.ts";
import { type NetworkPrecision, preferredFile } from "../../onnx/runtime/network_precision.ts";
import type { SessionLoader } from "../../onnx/runtime/session.ts";
import { defined } from "../../text/defined.ts";
import { excerpt } from "../../text/visible_text.ts";
import { RandomWeights } from "../../weights/random_weights.ts";
import type {
  CheckpointSource,
  Conditioning,
  PlanOptions,
  TextEncoderFolders,
} from "./model_family.ts";
import { openTeacherWeights } from "./teacher_weights.ts";
import { emptyChunk, type PromptRows, tokenizeRows } from "./tokenize_prompts.ts";

/** A text encoder of a checkpoint, with its tokenizer. */
export interface TextEncoder extends TextEncoderFolders {
  /** The hidden states that the UNet takes. */
  readonly states: ClipStates;
  /** Whether pooled texts are projected, if the checkpoint can. */
  readonly projects: boolean;
}

/**
 * Encodes prompts with one text encoder, which is loaded, run once and released.
 *
 * A token of weight w gets the states empty + w * (states - empty). Here `empty` are the states of
 * the empty prompt at the same position. Source: ComfyUI,
 * https://github.com/comfyanonymous/ComfyUI, comfy/sd1_clip.py, `ClipTokenWeightEncoder`. Pooled
 * prompts have no weights.
 *
 * @param options.chunks Number of chunks of each row, C.
 * @returns `states` [R, C L, D]; `pooled` [R, P] of the first chunks, with projection.
 * @throws {SessionError} If the network cannot be loaded.
 */
export async function encodeTexts(
  sessions: SessionLoader,
  source: CheckpointSource,
  rows: PromptRows,
  options: TextEncoder & NetworkPrecision & { readonly chunks: number },
): Promise<Pick<Conditioning, "states" | "pooled">> {
  const { encoder, states, chunks } = options;
  const tokenizer = await openClipTokenizer(source.folder, options.tokenizer);
  const tokens = tokenizeRows(tokenizer, rows, chunks);
  const all = rows.some(hasWeights) ? [...tokens, emptyChunk(tokenizer)] : tokens;
  const config = await readEncoder(source, options);
  const prefer = preferredFile(options);
  using opened = await openTeacherWeights(source, encoder, { prefer });
  const [batch, length] = [all.length, tokenizer.maxLength];
  const sizes = { ...options, batch, length, states };
  const graph = buildClipTextModel(opened.weights, config, sizes);
  await using session = await sessions.load(graph, { transient: true });
  const ids = all.flatMap((chunk) => chunk.ids);
  const { outputs } = await session.runHost({
    input_ids: { data: BigInt64Array.from(ids, BigInt), shape: [batch, length] },
  });
  const pooled = outputs["text_embeds"];
  return {
    states: weighStates(asFloatTensor(outputs["hidden_states"]!), tokens, rows.length),
    ...(pooled && { pooled: firstOfEach(asFloatTensor(pooled), rows.length, chunks) }),
  };
}

/**
 * Applies the weights of tokens, and concatenates the chunks of each row.
 *
 * @param states States of the chunks, shape [R C, L, D]; with weights [R C + 1, L, D], the last
 *   ones those of the prompt without text.
 * @param tokens The R C chunks.
 * @param rows Number of rows, R.
 * @returns Shape [R, C L, D].
 */
export function weighStates(
  { data, shape }: FloatTensor,
  tokens: readonly TokenChunk[],
  rows: number,
): FloatTensor {
  const [, length, width] = shape as [number, number, number];
  const size = tokens.length * length * width;
  const empty = data.subarray(size);
  const weighed = data.slice(0, size);
  for (const [at, weight] of tokens.flatMap(({ weights }) => weights).entries()) {
    if (weight === 1) continue;
    const position = at % length;
    for (let i = 0; i < width; i++) {
      const base = empty[position * width + i]!;
      weighed[at * width + i] = base + weight * (weighed[at * width + i]! - base);
    }
  }
  return { data: weighed, shape: [rows, tokens.length / rows * length, width] };
}

/** Returns the first chunk's pooled text of each row: [R C, P] or more -> [R, P]. */
function firstOfEach({ data, shape }: FloatTensor, rows: number, chunks: number): FloatTensor {
  const width = shape[1]!;
  const pooled = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const start = row * chunks * width;
    pooled.set(data.subarray(start, start + width), row * width);
  }
  return { data: pooled, shape: [rows, width] };
}

/** Builds the graph of a text encoder for a memory plan; its weights are placeholders. */
export async function planEncoder(
  source: CheckpointSource,
  options: TextEncoder,
  { rows, chunks = 1, precision }: PlanOptions,
): Promise<{ readonly graph: Graph; readonly promptLength: number }> {
  const config = await readEncoder(source, options);
  const length = config.maxPositions;
  const placeholders = new RandomWeights({ prefixes: ["text_model"] });
  const sizes = {
    batch: rows * chunks,
    length,
    states: options.states,
    ...defined({ precision }),
  };
  return {
    graph: buildClipTextModel(placeholders, config, sizes),
    promptLength: chunks * length,
  };
}

/** Lists the options of text encoders and tokenizers that are not known, a sentence each. */
export async function encoderNotes(
  { folder }: CheckpointSource,
  encoders: readonly TextEncoderFolders[],
): Promise<string[]> {
  const notes: string[] = [];
  const tell = (path: string, options: readonly string[]) => {
    if (options.length === 0) return;
    const names = options.map((name) => `"${excerpt(name)}"`).join(", ");
    notes.push(`Options of ${path} that are not known here are ignored: ${names}`);
  };
  for (const { encoder, tokenizer } of encoders) {
    tell(
      `${encoder}/config.json`,
      (await readClipTextConfig(folder, encoder)).ignoredOptions ?? [],
    );
    const { ignoredOptions } = await openClipTokenizer(folder, tokenizer);
    tell(`${tokenizer}/tokenizer_config.json`, ignoredOptions);
  }
  return notes;
}

async function readEncoder({ folder }: CheckpointSource, { encoder, projects }: TextEncoder) {
  const config = await readClipTextConfig(folder, encoder);
  return projects ? config : { ...config, projectionDim: undefined };
}
