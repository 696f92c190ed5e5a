import assert from "node:assert/strict";
import { parseBlipConfig, readBlipConfig } from "../../../../lib/models/blip/blip_config.ts";
import {
  buildBlipImageEncoder,
  crossNames,
} from "../../../../lib/models/blip/blip_image_encoder.ts";
import { buildBlipTextDecoder } from "../../../../lib/models/blip/blip_text_decoder.ts";
import { ModelConfig } from "../../../../lib/models/model_config.ts";
import type { HostTensor } from "../../../../lib/onnx/runtime/session.ts";
import type { Graph } from "../../../../lib/onnx/graph/graph.ts";
import { openModelFolder } from "../../../../lib/weights/open_model_folder.ts";
import { StateDict } from "../../../../lib/weights/state_dict.ts";
import { goldenPath, readGolden } from "../../../support/goldens.ts";
import { gpuTest } from "../../../support/gpu_test.ts";
import { runGraph } from "../../onnx/run_graph.ts";
import { assertAgrees, runOnWebgpu } from "../agreement.ts";

const folder = openModelFolder(goldenPath("tiny-blip"));
const golden = readGolden("blip");
const config = await readBlipConfig(folder);
const LENGTH = 9;

/** Runs a graph once. */
type Run = (graph: Graph, feeds: Record<string, HostTensor>) => Promise<Record<string, HostTensor>>;

function int64(values: ArrayLike<number>, shape: readonly number[]): HostTensor {
  return { data: BigInt64Array.from(Array.from(values), BigInt), shape };
}

async function assertAllAgree(run: Run): Promise<void> {
  using weights = await StateDict.open(folder, "");
  const encoded = await run(buildBlipImageEncoder(weights, config), {
    pixel_values: golden.tensor("pixel_values"),
  });
  const states = golden.tensor("image_hidden_states");
  assertAgrees(encoded["image_hidden_states"]!, states, { name: "image_hidden_states" });
  const sizes = { batch: 1, length: LENGTH, positions: LENGTH };
  const { logits } = await run(buildBlipTextDecoder(weights, config, sizes), {
    input_ids: int64(golden.tensor("input_ids").data, [1, LENGTH]),
    position_ids: int64([0, 1, 2, 3, 4, 5, 6, 7, 8], [LENGTH]),
    ...Object.fromEntries(crossNames(config).map((name) => [name, encoded[name]!])),
  });
  const { data } = golden.tensor("logits");
  assertAgrees(logits!, { data, shape: [LENGTH, config.text.vocabSize] }, { name: "logits" });
}

Deno.test("the graphs of BLIP agree with BlipForConditionalGeneration", async () => {
  await assertAllAgree(runGraph);
});

gpuTest("the graphs of BLIP agree with BlipForConditionalGeneration on WebGPU", async (gpu) => {
  await assertAllAgree((graph, feeds) => runOnWebgpu(gpu, graph, feeds));
});

Deno.test("buildBlipTextDecoder() takes several texts and ignores what follows a position", async () => {
  using weights = await StateDict.open(folder, "");
  const encoded = await runGraph(buildBlipImageEncoder(weights, config), {
    pixel_values: golden.tensor("pixel_values"),
  });
  const ids = Array.from(golden.tensor("input_ids").data);
  const padded = [...ids.slice(0, 4), 7, 7, 7, 7, 7];
  const sizes = { batch: 2, length: LENGTH, positions: 2 };
  const { logits } = await runGraph(buildBlipTextDecoder(weights, config, sizes), {
    input_ids: int64([...padded, ...ids], [2, LENGTH]),
    position_ids: int64([3, LENGTH + 8], [2]),
    ...Object.fromEntries(crossNames(config).map((name) => [name, encoded[name]!])),
  });
  const { data } = golden.tensor("logits");
  const { vocabSize } = config.text;
  const rows = [3, 8].flatMap((row) => [...data.slice(row * vocabSize, (row + 1) * vocabSize)]);
  const expected = { data: Float32Array.from(rows), shape: [2, vocabSize] };
  assertAgrees(logits!, expected, { name: "logits" });
});

Deno.test("buildBlipTextDecoder() scores with the decoder's own weight if the file has it", async () => {
  using weights = await StateDict.open(folder, "");
  const key = "text_decoder.cls.predictions.decoder.weight";
  const words = weights.get("text_decoder.bert.embeddings.word_embeddings.weight");
  const others = weights.keys().filter((name) => name !== key).map((name) => weights.get(name));
  const decoder = {
    key,
    shape: words.shape,
    dtype: words.dtype,
    read: () => new Uint8Array(4 * words.shape[0]! * words.shape[1]!),
  };
  const untied = StateDict.fromEntries([...others, decoder], "untied");
  const sizes = { batch: 1, length: LENGTH, positions: 1 };
  const encoded = await runGraph(buildBlipImageEncoder(weights, config), {
    pixel_values: golden.tensor("pixel_values"),
  });
  const { logits } = await runGraph(buildBlipTextDecoder(untied, config, sizes), {
    input_ids: int64(golden.tensor("input_ids").data, [1, LENGTH]),
    position_ids: int64([8], [1]),
    ...Object.fromEntries(crossNames(config).map((name) => [name, encoded[name]!])),
  });
  // With zeros as the decoder's weight, the bias remains.
  const bias = weights.get("text_decoder.cls.predictions.bias").read("float32").slice();
  assert.deepEqual(logits!.data, new Float32Array(bias.buffer));
});

Deno.test("buildBlipTextDecoder() refuses texts that are too long", async () => {
  using weights = await StateDict.open(folder, "");
  assert.throws(
    () => buildBlipTextDecoder(weights, config, { batch: 1, length: 65, positions: 1 }),
    /expected at most 64 tokens, got 65$/,
  );
});

Deno.test("parseBlipConfig() refuses unsupported options", () => {
  const parse = (options: Record<string, unknown>) =>
    parseBlipConfig(new ModelConfig("blip/config.json", { model_type: "blip", ...options }));
  assert.equal(parse({}).text.vocabSize, 30524);
  assert.equal(parse({ text_config: { num_attention_heads: 12 } }).text.heads, 12);
  const refused: Record<string, Record<string, unknown>> = {
    "model_type": { model_type: "blip-2" },
    "architectures": { architectures: ["BlipForQuestionAnswering"] },
    "tie_word_embeddings": { tie_word_embeddings: false },
    "new_option": { new_option: 1 },
    "text_config.is_decoder": { text_config: { is_decoder: false } },
    "text_config.encoder_hidden_size": { text_config: { encoder_hidden_size: 12 } },
    "vision_config.hidden_act": { vision_config: { hidden_act: "relu" } },
  };
  for (const [key, options] of Object.entries(refused)) {
    assert.throws(() => parse(options), { name: "ModelConfigError", key });
  }
});
