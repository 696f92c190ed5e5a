import assert from "node:assert/strict";
import { GpuTensor } from "../../../../kernels/gpu/tensor.ts";
import {
  buildTinyDecoder,
  buildTinyEncoder,
  buildTinyEncoderGradient,
} from "../../../../lib/models/autoencoder/autoencoder_tiny.ts";
import { parseAutoencoderTinyConfig } from "../../../../lib/models/autoencoder/autoencoder_tiny_config.ts";
import { ModelConfig } from "../../../../lib/models/model_config.ts";
import { GradientSession } from "../../../../lib/onnx/runtime/gradient_session.ts";
import { type GoldenTensor, readGolden } from "../../../support/goldens.ts";
import { gpuTest } from "../../../support/gpu_test.ts";
import { runGraph, WASM_SESSIONS } from "../../onnx/run_graph.ts";
import { assertAgrees, openWeights, runOnWebgpu, teacher } from "../agreement.ts";
import { OrtSessions } from "../../../../lib/onnx/runtime/ort_sessions.ts";

const golden = readGolden("vae");
const image = golden.tensor("image");
const latents = golden.tensor("tiny.latents");
const gradLatents = golden.tensor("grad_latents");
/** The reference gradient is with respect to 2 * image - 1. */
const gradImage = mapped(golden.tensor("tiny.grad_input"), (value) => 2 * value);
/** The reference image is 2 * image - 1 and not clipped. */
const decoded = mapped(
  golden.tensor("tiny.decoded"),
  (value) => Math.min(1, Math.max(0, (value + 1) / 2)),
);
const config = parseAutoencoderTinyConfig(await ModelConfig.open(teacher, "vae"));
const [IMAGE, LATENTS] = [128, 16];
const encoderSizes = { batch: 1, height: IMAGE, width: IMAGE };
const decoderSizes = { batch: 1, height: LATENTS, width: LATENTS };

function mapped({ shape, data }: GoldenTensor, map: (value: number) => number): GoldenTensor {
  return { shape, data: data.map(map) };
}

Deno.test("parseAutoencoderTinyConfig() returns the factor between image and latents", () => {
  assert.equal(config.factor, 8);
  assert.equal(config.scalingFactor, 1);
});

Deno.test("buildTinyEncoder() agrees with AutoencoderTiny", async () => {
  using weights = await openWeights("vae");
  const outputs = await runGraph(buildTinyEncoder(weights, config, encoderSizes), { image });
  assertAgrees(outputs["latents"]!, latents, { name: "latents" });
});

Deno.test("buildTinyDecoder() agrees with AutoencoderTiny", async () => {
  using weights = await openWeights("vae");
  const outputs = await runGraph(buildTinyDecoder(weights, config, decoderSizes), { latents });
  assertAgrees(outputs["image"]!, decoded, { name: "image" });
});

Deno.test("buildTinyEncoderGradient() agrees with autograd", async () => {
  using weights = await openWeights("vae");
  const graphs = buildTinyEncoderGradient(weights, config, encoderSizes);
  await using session = await GradientSession.load(WASM_SESSIONS, graphs);
  const forward = await session.forwardHost({ image });
  assertAgrees(forward["latents"]!, latents, { name: "latents" });
  const backward = await session.backwardHost({ grad_latents: gradLatents });
  assertAgrees(backward["grad_image"]!, gradImage, { name: "grad_image" });
});

gpuTest("buildTinyEncoderGradient() agrees with autograd on WebGPU", async (gpu) => {
  using weights = await openWeights("vae");
  const graphs = buildTinyEncoderGradient(weights, config, encoderSizes);
  await using session = await GradientSession.load(
    new OrtSessions({ runtime: "webgpu", gpu }),
    graphs,
  );
  using imageTensor = GpuTensor.from(gpu, image.data, image.shape, "image");
  using gradTensor = GpuTensor.from(gpu, gradLatents.data, gradLatents.shape, "grad_latents");
  using result = (await session.forward({ image: imageTensor }))["latents"]!;
  const made = { data: await result.read(), shape: result.shape };
  assertAgrees(made, latents, { name: "latents" });
  using grad = (await session.backward({ grad_latents: gradTensor }))["grad_image"]!;
  const gradient = { data: await grad.read(), shape: grad.shape };
  assertAgrees(gradient, gradImage, { name: "grad_image" });
});

gpuTest("buildTinyDecoder() agrees with AutoencoderTiny on WebGPU", async (gpu) => {
  using weights = await openWeights("vae");
  const graph = buildTinyDecoder(weights, config, decoderSizes);
  const outputs = await runOnWebgpu(gpu, graph, { latents });
  assertAgrees(outputs["image"]!, decoded, { name: "image" });
});

Deno.test("encoder and decoder scale latents by the checkpoint's factor", async () => {
  using weights = await openWeights("vae");
  const scaled = { ...config, scalingFactor: 0.25 };
  const encoder = buildTinyEncoder(weights, scaled, encoderSizes);
  const made = (await runGraph(encoder, { image }))["latents"]!;
  assertAgrees(made, mapped(latents, (value) => value / 4), { name: "latents" });
  const decoder = buildTinyDecoder(weights, scaled, decoderSizes);
  assertAgrees((await runGraph(decoder, { latents: made }))["image"]!, decoded, { name: "image" });
});

Deno.test("buildTinyEncoder() refuses sizes that are not multiples of the factor", async () => {
  using weights = await openWeights("vae");
  const sizes = { batch: 1, height: 128, width: 100 };
  assert.throws(() => buildTinyEncoder(weights, config, sizes), /multiples of 8, got 128 x 100$/);
});

Deno.test("parseAutoencoderTinyConfig() refuses unsupported options", () => {
  const parse = (options: Record<string, unknown>) =>
    parseAutoencoderTinyConfig(
      new ModelConfig("vae/config.json", { _class_name: "AutoencoderTiny", ...options }),
    );
  assert.equal(parse({ act_fn: "swish" }).activation, "silu");
  const refused: Record<string, unknown> = {
    _class_name: "AutoencoderKL",
    act_fn: "mish",
    shift_factor: 0.1,
    upsample_fn: "bilinear",
    encoder_block_out_channels: [64, 64, 32, 64],
    num_decoder_blocks: [1, 2],
    use_quant_conv: true,
  };
  for (const [key, value] of Object.entries(refused)) {
    assert.throws(() => parse({ [key]: value }), { name: "ModelConfigError", key, value });
  }
});
