import assert from "node:assert/strict";
import { shapeSize } from "../../../../kernels/gpu/shape_size.ts";
import { parseDptConfig, readDptConfig } from "../../../../lib/models/depth/dpt_config.ts";
import { buildDptHybrid } from "../../../../lib/models/depth/dpt_hybrid.ts";
import { ModelConfig } from "../../../../lib/models/model_config.ts";
import type { HostTensor } from "../../../../lib/onnx/runtime/session.ts";
import { openModelFolder } from "../../../../lib/weights/open_model_folder.ts";
import { RandomWeights } from "../../../../lib/weights/random_weights.ts";
import { StateDict } from "../../../../lib/weights/state_dict.ts";
import { goldenPath, readGolden, readTensorFile } from "../../../support/goldens.ts";
import { gpuTest } from "../../../support/gpu_test.ts";
import { runGraph } from "../../onnx/run_graph.ts";
import { assertAgrees, runOnWebgpu } from "../agreement.ts";
import { withInnerValues } from "../inner_values.ts";
import { PUBLISHED_BIT } from "./published_bit.ts";

const folder = openModelFolder(goldenPath("tiny-dpt-hybrid"));
const golden = readGolden("dpt_hybrid");
const features = readTensorFile(goldenPath("tiny-dpt-hybrid/features.safetensors"));
const config = await readDptConfig(folder);
const TOLERANCE = 1e-4;

/**
 * "square" has the size of training; "tall" and "odd" have other sizes, with an even and an odd
 * grid.
 */
const CASES = ["square", "tall", "odd"] as const;

function given(name: string) {
  const image = golden.tensor(`${name}.pixel_values`);
  const [batch, , height, width] = image.shape as [number, number, number, number];
  return { feeds: { pixel_values: image }, sizes: { batch, height, width } };
}

/** Asserts that a depth agrees, and so do its differences from the mean. */
function assertDepthAgrees(depth: HostTensor, name: string, tolerance = TOLERANCE): void {
  const expected = golden.tensor(`${name}.predicted_depth`);
  assertAgrees(depth, expected, { name, tolerance });
  const centered = ({ data, shape }: HostTensor) => {
    const values = data as Float32Array;
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return { data: values.map((value) => value - mean), shape };
  };
  const relief = { name: `relief of ${name}`, tolerance };
  assertAgrees(centered(depth), centered(expected), relief);
}

Deno.test("buildDptHybrid() agrees with DPTForDepthEstimation", async () => {
  using weights = await StateDict.open(folder, "");
  for (const name of CASES) {
    const { feeds, sizes } = given(name);
    const outputs = await runGraph(buildDptHybrid(weights, config, sizes), feeds);
    assertDepthAgrees(outputs["predicted_depth"]!, name);
  }
});

/** Activations inside the network, by a weight of the node that reads them. */
const INNER = {
  stem: "dpt.embeddings.backbone.bit.encoder.stages.0.layers.0.conv1.weight",
  stage1: "dpt.embeddings.backbone.bit.encoder.stages.1.layers.0.conv1.weight",
  stage2: "dpt.embeddings.backbone.bit.encoder.stages.2.layers.0.conv1.weight",
  stage3: "dpt.embeddings.projection.weight",
  tokens: "dpt.encoder.layer.0.layernorm_before.weight",
  layer1: "dpt.encoder.layer.2.layernorm_before.weight",
  reassembled2: "neck.convs.2.weight",
  reassembled3: "neck.convs.3.weight",
  fused3: "head.head.0.weight",
};

// The depth of the reference is 0 at most positions, which hides differences inside.
Deno.test("buildDptHybrid() agrees with the activations of the reference", async () => {
  using weights = await StateDict.open(folder, "");
  for (const name of CASES) {
    const { feeds, sizes } = given(name);
    const graph = buildDptHybrid(weights, config, sizes);
    const inner = Object.entries(INNER).filter(([key]) =>
      features.names.includes(`${name}.${key}`)
    );
    const outputs = await runGraph(withInnerValues(graph, Object.fromEntries(inner)), feeds);
    for (const [key] of inner) {
      const expected = features.tensor(`${name}.${key}`);
      // Of the first image only; tokens are rows of a matrix here.
      const data = (outputs[key]!.data as Float32Array).subarray(0, expected.data.length);
      const options = { name: `${name} ${key}`, tolerance: TOLERANCE };
      assertAgrees({ data, shape: expected.shape }, expected, options);
    }
  }
});

gpuTest("buildDptHybrid() agrees with the reference on WebGPU", async (gpu) => {
  using weights = await StateDict.open(folder, "");
  const { feeds, sizes } = given("odd");
  const outputs = await runOnWebgpu(gpu, buildDptHybrid(weights, config, sizes), feeds);
  // GPUs differ more, and only few positions have a depth above 0.
  assertDepthAgrees(outputs["predicted_depth"]!, "odd", 1e-3);
});

Deno.test("buildDptHybrid() depends on its options", async () => {
  using weights = await StateDict.open(folder, "");
  const { feeds, sizes } = given("square");
  const changes = [
    { ...config, backbone: { ...config.backbone, groups: 2 } },
    { ...config, heads: 2 },
    { ...config, layerNormEps: 1e-2 },
    { ...config, outIndices: [0, 3] as const },
  ];
  for (const changed of changes) {
    const outputs = await runGraph(buildDptHybrid(weights, changed, sizes), feeds);
    assert.throws(() => assertDepthAgrees(outputs["predicted_depth"]!, "square"), /square: /);
  }
});

Deno.test("buildDptHybrid() refuses sizes that are not multiples of the patch size", async () => {
  using weights = await StateDict.open(folder, "");
  assert.throws(
    () => buildDptHybrid(weights, config, { batch: 1, height: 64, width: 72 }),
    /height and width to be multiples of 16, got 64 x 72$/,
  );
});

// The options of Intel/dpt-hybrid-midas that determine the structure.
const PUBLISHED = {
  architectures: ["DPTForDepthEstimation"],
  attention_probs_dropout_prob: 0.0,
  auxiliary_loss_weight: 0.4,
  backbone_config: PUBLISHED_BIT,
  backbone_featmap_shape: [1, 1024, 24, 24],
  backbone_out_indices: [2, 5, 8, 11],
  fusion_hidden_size: 256,
  head_in_index: -1,
  hidden_act: "gelu",
  hidden_dropout_prob: 0.0,
  hidden_size: 768,
  image_size: 384,
  initializer_range: 0.02,
  intermediate_size: 3072,
  is_hybrid: true,
  layer_norm_eps: 1e-12,
  model_type: "dpt",
  neck_hidden_sizes: [256, 512, 768, 768],
  neck_ignore_stages: [0, 1],
  num_attention_heads: 12,
  num_channels: 3,
  num_hidden_layers: 12,
  patch_size: 16,
  qkv_bias: true,
  readout_type: "project",
  reassemble_factors: [1, 1, 1, 0.5],
  semantic_classifier_dropout: 0.1,
  semantic_loss_ignore_index: 255,
  torch_dtype: "float32",
  transformers_version: null,
  use_auxiliary_head: true,
  use_batch_norm_in_fusion_residual: false,
};

function parse(options: Record<string, unknown>) {
  return parseDptConfig(new ModelConfig("config.json", { ...PUBLISHED, ...options }));
}

Deno.test("buildDptHybrid() uses as many parameters as the published network has", () => {
  const weights = new RandomWeights();
  const sizes = { batch: 1, height: 384, width: 384 };
  const { outputs } = buildDptHybrid(weights, parse({}), sizes);
  assert.deepEqual(outputs[0]!.shape, [1, 384, 384]);
  const asked = weights.entries.reduce((sum, { shape }) => sum + shapeSize(shape), 0);
  // The file of 490 MB also has the unused last normalization and first residual layer.
  const unused = 2 * 768 + 2 * (256 * 256 * 9 + 256);
  assert.equal(Math.round((asked + unused) * 4 / 1e6), 490);
});

Deno.test("parseDptConfig() reads the published file and refuses others", () => {
  assert.deepEqual(parse({}).outIndices, [8, 11]);
  assert.deepEqual(parse({}).reassembleFactors, [1, 0.5]);
  assert.deepEqual(parse({}).backbone.depths, [3, 4, 9]);
  const refused: Record<string, unknown> = {
    model_type: "depth_anything",
    architectures: ["DPTForSemanticSegmentation"],
    is_hybrid: false,
    readout_type: "add",
    head_in_index: 0,
    add_projection: true,
    use_batch_norm_in_fusion_residual: true,
    use_bias_in_fusion_residual: false,
    neck_ignore_stages: [0],
    backbone_featmap_shape: [1, 512, 24, 24],
    num_attention_heads: 5,
    neck_hidden_sizes: [256, 512, 768],
    backbone_out_indices: [2, 5, 8, 12],
    reassemble_factors: [1, 1, 1, 0.3],
    patch_size: 14,
    new_option: 1,
  };
  for (const [key, value] of Object.entries(refused)) {
    assert.throws(() => parse({ [key]: value }), { name: "ModelConfigError", key });
  }
  const backbone_config = { ...PUBLISHED.backbone_config, layer_type: "preactivation" };
  assert.throws(() => parse({ backbone_config }), {
    name: "ModelConfigError",
    key: "backbone_config.layer_type",
  });
});
