import assert from "node:assert/strict";
import {
  type ClipTextConfig,
  parseClipTextConfig,
  readClipTextConfig,
} from "../../../../lib/models/clip/clip_text_config.ts";
import { buildClipTextModel } from "../../../../lib/models/clip/clip_text_model.ts";
import { ModelConfig } from "../../../../lib/models/model_config.ts";
import type { HostTensor } from "../../../../lib/onnx/runtime/session.ts";
import { StateDict } from "../../../../lib/weights/state_dict.ts";
import { type GoldenTensor, readGolden } from "../../../support/goldens.ts";
import { gpuTest } from "../../../support/gpu_test.ts";
import { runGraph } from "../../onnx/run_graph.ts";
import { assertAgrees, openWeights, runOnWebgpu, teacher } from "../agreement.ts";

const golden = readGolden("prompt_embeds");
const [BATCH, LENGTH] = [5, 77];

/** Returns token ids as the input of a graph. */
function tokens(name: string): HostTensor {
  const { data, shape } = golden.tensor(name);
  return { data: BigInt64Array.from(data, BigInt), shape };
}

/** Returns the columns of one encoder from the concatenated embeddings. */
function columns(start: number, end: number): GoldenTensor {
  const { data, shape } = golden.tensor("prompt_embeds");
  const width = shape[2]!;
  return { shape: [BATCH, LENGTH, end - start], data: data.filter((_, i) => isWithin(i % width)) };
  function isWithin(column: number): boolean {
    return column >= start && column < end;
  }
}

/** Builds one of the two encoders. */
async function build(weights: StateDict, subfolder: string, options = {}) {
  const config = await readClipTextConfig(teacher, subfolder);
  return buildClipTextModel(weights, config, { batch: BATCH, length: LENGTH, ...options });
}

Deno.test("buildClipTextModel() agrees with CLIPTextModel: quick_gelu, no projection", async () => {
  using weights = await openWeights("text_encoder");
  const graph = await build(weights, "text_encoder");
  const outputs = await runGraph(graph, { input_ids: tokens("input_ids") });
  assert.deepEqual(Object.keys(outputs), ["hidden_states"]);
  assertAgrees(outputs["hidden_states"]!, columns(0, 32), { name: "hidden_states" });
});

Deno.test("buildClipTextModel() agrees with CLIPTextModelWithProjection: gelu", async () => {
  using weights = await openWeights("text_encoder_2");
  const graph = await build(weights, "text_encoder_2");
  const outputs = await runGraph(graph, { input_ids: tokens("input_ids_2") });
  assertAgrees(outputs["hidden_states"]!, columns(32, 80), { name: "hidden_states" });
  const pooled = golden.tensor("pooled_prompt_embeds");
  assertAgrees(outputs["text_embeds"]!, pooled, { name: "text_embeds" });
});

gpuTest("buildClipTextModel() agrees with the reference on WebGPU", async (gpu) => {
  using weights = await openWeights("text_encoder_2");
  const graph = await build(weights, "text_encoder_2");
  const outputs = await runOnWebgpu(gpu, graph, { input_ids: tokens("input_ids_2") });
  assertAgrees(outputs["hidden_states"]!, columns(32, 80), { name: "hidden_states" });
  const pooled = golden.tensor("pooled_prompt_embeds");
  assertAgrees(outputs["text_embeds"]!, pooled, { name: "text_embeds" });
});

Deno.test("buildClipTextModel() builds shorter texts: the first tokens do not depend on the rest", async () => {
  using weights = await openWeights("text_encoder");
  const graph = await build(weights, "text_encoder", { batch: 1, length: 24 });
  const ids = (tokens("input_ids").data as BigInt64Array).slice(0, 24);
  const { hidden_states } = await runGraph(graph, { input_ids: { data: ids, shape: [1, 24] } });
  const expected = { shape: [1, 24, 32], data: columns(0, 32).data.slice(0, 24 * 32) };
  assertAgrees(hidden_states!, expected, { name: "hidden_states" });
});

Deno.test("buildClipTextModel() pools at the token with the highest id if the end token is 2", async () => {
  using weights = await openWeights("text_encoder_2");
  const config = await readClipTextConfig(teacher, "text_encoder_2");
  const sizes = { batch: 1, length: 7 };
  const pooled = async (changed: Partial<ClipTextConfig>, ids: bigint[]) => {
    const graph = buildClipTextModel(weights, { ...config, ...changed }, sizes);
    const feeds = { input_ids: { data: BigInt64Array.from(ids), shape: [1, 7] } };
    return (await runGraph(graph, feeds))["text_embeds"]!;
  };
  // 2 is an ordinary token here; 672 is the highest id.
  const ids = [671n, 5n, 2n, 9n, 672n, 672n, 3n];
  const expected = await pooled({ eosTokenId: 672 }, ids);
  assert.deepEqual(await pooled({ eosTokenId: 2 }, ids), expected);
  assert.notDeepEqual(await pooled({ eosTokenId: 9 }, ids), expected);
});

Deno.test("buildClipTextModel() takes keys with and without the prefix, and old position ids", async () => {
  using weights = await openWeights("text_encoder");
  const config = await readClipTextConfig(teacher, "text_encoder");
  const ids = { key: "text_model.embeddings.position_ids", shape: [1, 77], dtype: "I64" } as const;
  const prefixed = StateDict.fromEntries([
    ...weights.keys().map((key) => {
      const entry = weights.get(key);
      const read: typeof entry.read = (...range) => entry.read(...range);
      return { key: `text_model.${key}`, shape: entry.shape, dtype: entry.dtype, read };
    }),
    { ...ids, read: () => new Uint8Array(0) },
  ], "prefixed");
  const sizes = { batch: 1, length: 77 };
  const graph = buildClipTextModel(prefixed, config, sizes);
  assert.equal(
    graph.weights.length,
    buildClipTextModel(weights, config, sizes).weights.length,
  );
});

Deno.test("buildClipTextModel() refuses texts that are too long", async () => {
  using weights = await openWeights("text_encoder");
  await assert.rejects(() => build(weights, "text_encoder", { length: 78 }), {
    name: "RangeError",
    message: 'Cannot build graph "text encoder": expected at most 77 tokens, got 78',
  });
});

Deno.test("parseClipTextConfig() refuses unsupported options", () => {
  const parse = (options: Record<string, unknown>) =>
    parseClipTextConfig(
      new ModelConfig("te/config.json", { architectures: ["CLIPTextModel"], ...options }),
    );
  assert.equal(parse({}).heads, 8);
  assert.throws(() => parse({ hidden_act: "relu" }), { name: "ModelConfigError" });
  assert.throws(() => parse({ architectures: ["T5"] }), /for "architectures", got \["T5"\]$/);
  // Options of newer versions do not stop a load; a run names them.
  assert.deepEqual(parse({ new_option: 3, torchscript: true }).ignoredOptions, ["new_option"]);
});
