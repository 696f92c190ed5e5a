import { readClipTextConfig } from "../../models/clip/clip_text_config.ts";
import { buildClipTextModel, type ClipStates } from "../../models/clip/clip_text_model.ts";
import { openClipTokenizer } from "../../models/tokenizers/clip_tokenizer.ts";
import type { Graph } from "../../onnx/graph/graph.ts";
import { asFloatTensor } from "../../onnx/runtime/float_tensor.ts";
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

/** A text encoder of a checkpoint, with its tokenizer. */
export interface TextEncoder extends TextEncoderFolders {
  /** The hidden states that the UNet takes. */
  readonly states: ClipStates;
  /** Whether pooled texts are projected, if the checkpoint can. */
  readonly projects: boolean;
}

/**
 * Encodes texts with one text encoder, which is loaded, run once and released.
 *
 * @returns `states` [R, L, D]; `pooled` [R, P] with projection.
 * @throws {SessionError} If the network cannot be loaded.
 */
export async function encodeTexts(
  sessions: SessionLoader,
  source: CheckpointSource,
  texts: readonly string[],
  options: TextEncoder & NetworkPrecision,
): Promise<Pick<Conditioning, "states" | "pooled">> {
  const { encoder, states } = options;
  const tokenizer = await openClipTokenizer(source.folder, options.tokenizer);
  const config = await readEncoder(source, options);
  const prefer = preferredFile(options);
  using opened = await openTeacherWeights(source, encoder, { prefer });
  const [batch, length] = [texts.length, tokenizer.maxLength];
  const sizes = { ...options, batch, length, states };
  const graph = buildClipTextModel(opened.weights, config, sizes);
  await using session = await sessions.load(graph, { transient: true });
  const ids = texts.flatMap((text) => tokenizer.encode(text));
  const { outputs } = await session.runHost({
    input_ids: { data: BigInt64Array.from(ids, BigInt), shape: [batch, length] },
  });
  const pooled = outputs["text_embeds"];
  return {
    states: asFloatTensor(outputs["hidden_states"]!),
    ...(pooled && { pooled: asFloatTensor(pooled) }),
  };
}

/** Builds the graph of a text encoder for a memory plan; its weights are placeholders. */
export async function planEncoder(
  source: CheckpointSource,
  options: TextEncoder,
  { rows, precision }: PlanOptions,
): Promise<{ readonly graph: Graph; readonly promptLength: number }> {
  const config = await readEncoder(source, options);
  const promptLength = config.maxPositions;
  const placeholders = new RandomWeights({ prefixes: ["text_model"] });
  const sizes = {
    batch: rows,
    length: promptLength,
    states: options.states,
    ...defined({ precision }),
  };
  return { graph: buildClipTextModel(placeholders, config, sizes), promptLength };
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
