import assert from "node:assert/strict";
import { parseClipConfig, readClipConfig } from "../../../../lib/models/clip/clip_config.ts";
import { buildClipModel } from "../../../../lib/models/clip/clip_model.ts";
import { ModelConfig } from "../../../../lib/models/model_config.ts";
import type { HostTensor } from "../../../../lib/onnx/runtime/session.ts";
import { openModelFolder } from "../../../../lib/weights/open_model_folder.ts";
import { StateDict } from "../../../../lib/weights/state_dict.ts";
import { goldenPath, readGolden } from "../../../support/goldens.ts";
import { gpuTest } from "../../../support/gpu_test.ts";
import { runGraph } from "../../onnx/run_graph.ts";
import { assertAgrees, runOnWebgpu } from "../agreement.ts";

const folder = openModelFolder(goldenPath("tiny-clip"));
const golden = readGolden("clip");
const config = await readClipConfig(folder);
const sizes = { images: 2, texts: 3, length: 77 };
const { data: ids, shape: idsShape } = golden.tensor("input_ids");
const feeds = {
  pixel_values: golden.tensor("pixel_values"),
  input_ids: { data: BigInt64Array.from(ids, BigInt), shape: idsShape },
};

function assertAllAgree(outputs: Readonly<Record<string, HostTensor>>): void {
  for (const name of ["image_embeds", "text_embeds", "logits_per_image"]) {
    assertAgrees(outputs[name]!, golden.tensor(name), { name });
  }
}

Deno.test("buildClipModel() agrees with CLIPModel", async () => {
  using weights = await StateDict.open(folder, "");
  assertAllAgree(await runGraph(buildClipModel(weights, config, sizes), feeds));
});

gpuTest("buildClipModel() agrees with CLIPModel on WebGPU", async (gpu) => {
  using weights = await StateDict.open(folder, "");
  assertAllAgree(await runOnWebgpu(gpu, buildClipModel(weights, config, sizes), feeds));
});

// Options of the published clip-vit-base-patch32 that are not the defaults of transformers.
const PUBLISHED = {
  architectures: ["CLIPModel"],
  initializer_factor: 1.0,
  logit_scale_init_value: 2.6592,
  model_type: "clip",
  projection_dim: 512,
  text_config: {
    attention_dropout: 0.0,
    bos_token_id: 0,
    eos_token_id: 2,
    hidden_act: "quick_gelu",
    hidden_size: 512,
    intermediate_size: 2048,
    layer_norm_eps: 1e-05,
    max_position_embeddings: 77,
    model_type: "clip_text_model",
    num_attention_heads: 8,
    num_hidden_layers: 12,
    projection_dim: 512,
    pruned_heads: {},
    vocab_size: 49408,
  },
  text_config_dict: null,
  vision_config: {
    hidden_act: "quick_gelu",
    hidden_size: 768,
    image_size: 224,
    intermediate_size: 3072,
    model_type: "clip_vision_model",
    num_attention_heads: 12,
    num_hidden_layers: 12,
    patch_size: 32,
    projection_dim: 512,
  },
  vision_config_dict: null,
};

Deno.test("parseClipConfig() reads published files and refuses others", () => {
  const parse = (options: Record<string, unknown>) =>
    parseClipConfig(new ModelConfig("clip/config.json", { ...PUBLISHED, ...options }));
  assert.equal(parse({}).text.projectionDim, 512);
  assert.equal(parse({}).vision.patchSize, 32);
  const refused: Record<string, Record<string, unknown>> = {
    "model_type": { model_type: "siglip" },
    "projection_dim": { projection_dim: 0 },
    "new_option": { new_option: 1 },
    "text_config": { text_config: 3 },
    "text_config.hidden_act": { text_config: { hidden_act: "relu" } },
    "vision_config.num_attention_heads": { vision_config: { num_attention_heads: 7 } },
    "vision_config.num_channels": { vision_config: { num_channels: 4 } },
  };
  for (const [key, options] of Object.entries(refused)) {
    assert.throws(() => parse(options), { name: "ModelConfigError", key });
  }
});
