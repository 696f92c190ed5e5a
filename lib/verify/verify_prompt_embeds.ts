import { readClipTextConfig } from "../models/clip/clip_text_config.ts";
import { buildClipTextModel } from "../models/clip/clip_text_model.ts";
import { StateDict } from "../weights/state_dict.ts";
import { runOnce, type Verification } from "./verification.ts";
import { EXACT, NETWORK, orFailure, type TensorComparison } from "./tensor_comparison.ts";
import { tokensOf } from "./verify_tokens.ts";
import type { FloatTensor } from "../onnx/runtime/float_tensor.ts";

/** Suffixes of the folders of both encoders and of the names of their tokens. */
const ENCODERS = ["", "_2"] as const;

/** Compares tokens, and the outputs of both text encoders for the stored tokens. */
export async function* verifyPromptEmbeds(
  verification: Verification,
): AsyncGenerator<TensorComparison> {
  const { file, teacher, tokens } = verification;
  for (const suffix of ENCODERS) {
    const name = `input_ids${suffix}`;
    if (!tokens) {
      yield file.skip(name, "there is no tokens.json with the prompts");
      continue;
    }
    yield* orFailure(`${file.name} ${name}`, async function* () {
      const ids = await tokensOf(tokens.prompts, teacher, `tokenizer${suffix}`);
      yield file.compare(name, ids, EXACT);
    });
  }
  const [first, second] = [await encode(verification, ""), await encode(verification, "_2")];
  const promptEmbeds = joinLast(first["hidden_states"]!, second["hidden_states"]!);
  yield file.compare("prompt_embeds", promptEmbeds, NETWORK);
  yield file.compare("pooled_prompt_embeds", second["text_embeds"]?.data ?? [], NETWORK);
}

async function encode(
  verification: Verification,
  suffix: typeof ENCODERS[number],
): Promise<Record<string, FloatTensor>> {
  const { file, teacher } = verification;
  const { data, shape } = file.tensor(`input_ids${suffix}`);
  const [batch, length] = shape as [number, number];
  const subfolder = `text_encoder${suffix}`;
  const config = await readClipTextConfig(teacher, subfolder);
  using weights = await StateDict.open(teacher, subfolder);
  const graph = buildClipTextModel(weights, config, { batch, length });
  const ids = BigInt64Array.from(data, BigInt);
  return await runOnce(verification, graph, { input_ids: { data: ids, shape } });
}

/** Concatenates two tensors along the last axis. */
function joinLast(first: FloatTensor, second: FloatTensor): Float32Array {
  const [width, secondWidth] = [first.shape.at(-1)!, second.shape.at(-1)!];
  const joined = new Float32Array(first.data.length + second.data.length);
  for (let row = 0; row * width < first.data.length; row++) {
    const start = row * (width + secondWidth);
    joined.set(first.data.subarray(row * width, (row + 1) * width), start);
    joined.set(second.data.subarray(row * secondWidth, (row + 1) * secondWidth), start + width);
  }
  return joined;
}
