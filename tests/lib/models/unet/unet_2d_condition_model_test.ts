import assert from "node:assert/strict";
import { shapeSize } from "../../../../kernels/gpu/shape_size.ts";
import {
  buildUnet,
  type UnetOptions,
} from "../../../../lib/models/unet/unet_2d_condition_model.ts";
import { readUnetConfig } from "../../../../lib/models/unet/unet_config.ts";
import type { Graph } from "../../../../lib/onnx/graph/graph.ts";
import { quantizeLinears } from "../../../../lib/onnx/rewrite/quantize_linears.ts";
import type { HostTensor } from "../../../../lib/onnx/runtime/session.ts";
import type { StateDict } from "../../../../lib/weights/state_dict.ts";
import { readGolden } from "../../../support/goldens.ts";
import { gpuTest } from "../../../support/gpu_test.ts";
import { runGraph } from "../../onnx/run_graph.ts";
import { assertAgrees, openWeights, runOnWebgpu, teacher } from "../agreement.ts";

const golden = readGolden("unet_controlnet");
const config = await readUnetConfig(teacher);
const sizes: UnetOptions = { batch: 2, height: 16, width: 16, promptLength: 77 };

const feeds: Record<string, HostTensor> = {
  sample: golden.tensor("latents"),
  timestep: golden.tensor("timestep"),
  encoder_hidden_states: golden.tensor("prompt_embeds"),
  text_embeds: golden.tensor("pooled_prompt_embeds"),
  time_ids: golden.tensor("time_ids"),
};

/** Sums the residuals of two ControlNets, which are already scaled. */
function residuals(): Record<string, HostTensor> {
  const sum = (name: string) => {
    const { shape, data } = golden.tensor(`controlnet_canny.${name}`);
    const other = golden.tensor(`controlnet_depth.${name}`).data;
    return { shape, data: data.map((value, i) => value + other[i]!) };
  };
  const entries = Array.from(
    { length: 9 },
    (_, i): [string, HostTensor] => [`down_block_residual_${i}`, sum(`down.${i}`)],
  );
  return { ...Object.fromEntries(entries), mid_block_residual: sum("mid") };
}

Deno.test("buildUnet() agrees with UNet2DConditionModel", async () => {
  using weights = await openWeights("unet");
  const outputs = await runGraph(buildUnet(weights, config, sizes), feeds);
  assertAgrees(outputs["noise_pred"]!, golden.tensor("unet.noise_pred"), { name: "noise_pred" });
});

Deno.test("buildUnet() takes residuals of ControlNets", async () => {
  using weights = await openWeights("unet");
  const graph = buildUnet(weights, config, { ...sizes, residuals: true });
  const outputs = await runGraph(graph, { ...feeds, ...residuals() });
  const expected = golden.tensor("unet.noise_pred_controlled");
  assertAgrees(outputs["noise_pred"]!, expected, { name: "noise_pred" });
});

gpuTest("buildUnet() agrees with UNet2DConditionModel on WebGPU", async (gpu) => {
  using weights = await openWeights("unet");
  const graph = buildUnet(weights, config, { ...sizes, residuals: true });
  const outputs = await runOnWebgpu(gpu, graph, { ...feeds, ...residuals() });
  const expected = golden.tensor("unet.noise_pred_controlled");
  assertAgrees(outputs["noise_pred"]!, expected, { name: "noise_pred" });
});

gpuTest("buildUnet() computes in float16 on WebGPU", async (gpu) => {
  using weights = await openWeights("unet");
  const graph = buildUnet(weights, config, { ...sizes, precision: "float16" });
  const outputs = await runOnWebgpu(gpu, graph, feeds);
  const expected = golden.tensor("unet.noise_pred");
  // A hundred rounding errors of 2^-11, which partly cancel.
  assertAgrees(outputs["noise_pred"]!, expected, { name: "noise_pred", tolerance: 1e-2 });
});

/**
 * Bounds of the relative error with quantized weights, by their bits.
 *
 * The error of a uniform weight is step / sqrt(12): relatively 0.4 % with 8 bits and 6 % with 4.
 * The error of the network is not larger, because each layer adds to a residual. Measured: 0.0033
 * and 0.056, and 0.0072 with 8 bits in float16.
 */
const QUANTIZED_TOLERANCE = { 8: 1e-2, 4: 8e-2 } as const;

function quantizedUnet(
  weights: StateDict,
  weightBits: 4 | 8,
  precision: "float32" | "float16",
): Graph {
  const graph = buildUnet(weights, config, { ...sizes, precision });
  // Most layers of this small network are below the usual size.
  const quantized = quantizeLinears(graph, { weightBits, minSize: 0 });
  // 51 of the 132 linear layers have widths that are not multiples of 32.
  assert.equal(quantized.nodes.filter(({ op }) => op === "MatMulNBits").length, 81);
  return quantized;
}

for (const weightBits of [8, 4] as const) {
  Deno.test(`buildUnet() is close to the reference with weights of ${weightBits} bits`, async () => {
    using weights = await openWeights("unet");
    const outputs = await runGraph(quantizedUnet(weights, weightBits, "float32"), feeds);
    const tolerance = QUANTIZED_TOLERANCE[weightBits];
    const expected = golden.tensor("unet.noise_pred");
    assertAgrees(outputs["noise_pred"]!, expected, { name: "noise_pred", tolerance });
  });
}

gpuTest(
  "buildUnet() is close to the reference with weights of 8 bits on WebGPU, in float16",
  async (gpu) => {
    using weights = await openWeights("unet");
    const outputs = await runOnWebgpu(gpu, quantizedUnet(weights, 8, "float16"), feeds);
    const tolerance = QUANTIZED_TOLERANCE[8];
    const expected = golden.tensor("unet.noise_pred");
    assertAgrees(outputs["noise_pred"]!, expected, { name: "noise_pred", tolerance });
  },
);

Deno.test("buildUnet() quantizes large layers by default", async () => {
  using weights = await openWeights("unet");
  const graph = buildUnet(weights, config, { ...sizes, weightBits: 8 });
  const packed = graph.weights.filter(({ value }) => value.type === "uint8");
  assert.equal(packed.length, 24);
  assert.ok(packed.every(({ value }) => shapeSize(value.shape) >= 4096));
});

Deno.test("buildUnet() takes latents of odd sizes", async () => {
  using weights = await openWeights("unet");
  const graph = buildUnet(weights, config, { ...sizes, batch: 1, height: 15, width: 9 });
  const row = ({ data, shape }: HostTensor): HostTensor => ({
    data: (data as Float32Array).slice(0, data.length / shape[0]!),
    shape: [1, ...shape.slice(1)],
  });
  const outputs = await runGraph(graph, {
    sample: { data: new Float32Array(4 * 15 * 9).fill(0.5), shape: [1, 4, 15, 9] },
    timestep: feeds["timestep"]!,
    encoder_hidden_states: row(feeds["encoder_hidden_states"]!),
    text_embeds: row(feeds["text_embeds"]!),
    time_ids: row(feeds["time_ids"]!),
  });
  assert.deepEqual(outputs["noise_pred"]!.shape, [1, 4, 15, 9]);
});

Deno.test("readUnetConfig() returns the size of the latents", () => {
  assert.deepEqual(config.sampleSize, [16, 16]);
  assert.equal(config.addedConditions?.textEmbedDim, 40);
});
