import assert from "node:assert/strict";
import { buildDepthAnything } from "../../../../lib/models/depth/depth_anything.ts";
import {
  parseDepthAnythingConfig,
  readDepthAnythingConfig,
} from "../../../../lib/models/depth/depth_anything_config.ts";
import { ModelConfig } from "../../../../lib/models/model_config.ts";
import type { HostTensor } from "../../../../lib/onnx/runtime/session.ts";
import { openModelFolder } from "../../../../lib/weights/open_model_folder.ts";
import { StateDict } from "../../../../lib/weights/state_dict.ts";
import { goldenPath, readGolden } from "../../../support/goldens.ts";
import { gpuTest } from "../../../support/gpu_test.ts";
import { runGraph, scatter } from "../../onnx/run_graph.ts";
import { assertAgrees, runOnWebgpu } from "../agreement.ts";

const folder = openModelFolder(goldenPath("tiny-depth-anything"));
const golden = readGolden("depth_anything");
const feeds = { pixel_values: golden.tensor("pixel_values") };
const expected = golden.tensor("predicted_depth");
const config = await readDepthAnythingConfig(folder);
const sizes = { batch: 1, height: 56, width: 56 };

/**
 * Asserts that a depth agrees, and so do its differences from the mean. The reference is nearly
 * constant, so its norm is almost that of the mean.
 */
function assertDepthAgrees(depth: HostTensor): void {
  assertAgrees(depth, expected, { name: "predicted_depth" });
  const centered = ({ data, shape }: HostTensor) => {
    const values = data as Float32Array;
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return { data: values.map((value) => value - mean), shape };
  };
  const relief = { name: "relief of predicted_depth", tolerance: 1e-4 };
  assertAgrees(centered(depth), centered(expected), relief);
}

function without(weights: StateDict, pattern: RegExp): StateDict {
  const keys = weights.keys().filter((key) => !pattern.test(key));
  return StateDict.fromEntries(keys.map((key) => weights.get(key)), weights.location);
}

Deno.test("buildDepthAnything() agrees with DepthAnythingForDepthEstimation", async () => {
  using weights = await StateDict.open(folder, "");
  const outputs = await runGraph(buildDepthAnything(weights, config, sizes), feeds);
  assertDepthAgrees(outputs["predicted_depth"]!);
});

gpuTest("buildDepthAnything() agrees with the reference on WebGPU", async (gpu) => {
  using weights = await StateDict.open(folder, "");
  const outputs = await runOnWebgpu(gpu, buildDepthAnything(weights, config, sizes), feeds);
  assertDepthAgrees(outputs["predicted_depth"]!);
});

Deno.test("buildDepthAnything() depends on its options", async () => {
  using weights = await StateDict.open(folder, "");
  const { backbone } = config;
  const changes = [
    { ...config, backbone: { ...backbone, applyLayernorm: false } },
    { ...config, backbone: { ...backbone, heads: 2 } },
    { ...config, backbone: { ...backbone, layerNormEps: 1e-2 } },
  ];
  for (const changed of changes) {
    const kept = changed.backbone.applyLayernorm ? weights : without(weights, /layernorm/);
    const outputs = await runGraph(buildDepthAnything(kept, changed, sizes), feeds);
    assert.throws(() => assertDepthAgrees(outputs["predicted_depth"]!), /relief of/);
  }
});

Deno.test("buildDepthAnything() takes images of other sizes than in training", async () => {
  using weights = await StateDict.open(folder, "");
  const other = { batch: 2, height: 42, width: 98 };
  const shape = [2, 3, 42, 98];
  const image = { data: scatter(2 * 3 * 42 * 98), shape };
  const { predicted_depth } = await runGraph(buildDepthAnything(weights, config, other), {
    pixel_values: image,
  });
  assert.deepEqual(predicted_depth!.shape, [2, 42, 98]);
  assert.ok((predicted_depth!.data as Float32Array).every(Number.isFinite));
});

Deno.test("buildDepthAnything() refuses sizes that are not multiples of the patch size", async () => {
  using weights = await StateDict.open(folder, "");
  assert.throws(
    () => buildDepthAnything(weights, config, { ...sizes, width: 60 }),
    /height and width to be multiples of 14, got 56 x 60$/,
  );
});

// The file of Depth-Anything-V2-Small-hf, as published.
const SMALL = {
  architectures: ["DepthAnythingForDepthEstimation"],
  backbone: null,
  backbone_config: {
    architectures: ["Dinov2Model"],
    hidden_size: 384,
    image_size: 518,
    model_type: "dinov2",
    num_attention_heads: 6,
    out_features: ["stage3", "stage6", "stage9", "stage12"],
    out_indices: [3, 6, 9, 12],
    patch_size: 14,
    reshape_hidden_states: false,
    torch_dtype: "float32",
  },
  fusion_hidden_size: 64,
  head_hidden_size: 32,
  head_in_index: -1,
  initializer_range: 0.02,
  model_type: "depth_anything",
  neck_hidden_sizes: [48, 96, 192, 384],
  patch_size: 14,
  reassemble_factors: [4, 2, 1, 0.5],
  reassemble_hidden_size: 384,
  torch_dtype: "float32",
  transformers_version: null,
  use_pretrained_backbone: false,
};

Deno.test("parseDepthAnythingConfig() reads published files and refuses others", () => {
  const parse = (options: Record<string, unknown>, backbone: Record<string, unknown> = {}) =>
    parseDepthAnythingConfig(
      new ModelConfig("depth/config.json", {
        ...SMALL,
        ...options,
        backbone_config: { ...SMALL.backbone_config, ...backbone },
      }),
    );
  assert.deepEqual(parse({}).backbone.outIndices, [3, 6, 9, 12]);
  assert.equal(parse({}).backbone.intermediateSize, 1536);
  const refused: Record<string, unknown> = {
    depth_estimation_type: "metric",
    patch_size: 16,
    neck_hidden_sizes: [48, 96],
    reassemble_factors: [4, 2, 1, 0.3],
    head_in_index: 0,
    new_option: 1,
  };
  for (const [key, value] of Object.entries(refused)) {
    assert.throws(() => parse({ [key]: value }), { name: "ModelConfigError", key });
  }
  const refusedInside: Record<string, unknown> = {
    model_type: "beit",
    use_swiglu_ffn: true,
    reshape_hidden_states: true,
    num_attention_heads: 5,
  };
  for (const [key, value] of Object.entries(refusedInside)) {
    assert.throws(() => parse({}, { [key]: value }), {
      name: "ModelConfigError",
      key: `backbone_config.${key}`,
    });
  }
});
