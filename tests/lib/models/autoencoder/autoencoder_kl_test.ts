import assert from "node:assert/strict";
import { GpuTensor } from "../../../../kernels/gpu/tensor.ts";
import { readAutoencoder } from "../../../../lib/models/autoencoder/autoencoder.ts";
import {
  buildKlDecoder,
  buildKlEncoder,
  buildKlEncoderGradient,
} from "../../../../lib/models/autoencoder/autoencoder_kl.ts";
import { parseAutoencoderKlConfig } from "../../../../lib/models/autoencoder/autoencoder_kl_config.ts";
import { ModelConfig } from "../../../../lib/models/model_config.ts";
import { GradientSession } from "../../../../lib/onnx/runtime/gradient_session.ts";
import { StateDict } from "../../../../lib/weights/state_dict.ts";
import type { WeightEntry } from "../../../../lib/weights/weight_source.ts";
import { type GoldenTensor, readGolden } from "../../../support/goldens.ts";
import { gpuTest } from "../../../support/gpu_test.ts";
import { runGraph, WASM_SESSIONS } from "../../onnx/run_graph.ts";
import { assertAgrees, openWeights, runOnWebgpu, teacher } from "../agreement.ts";
import { OrtSessions } from "../../../../lib/onnx/runtime/ort_sessions.ts";

const golden = readGolden("vae");
const image = golden.tensor("image");
const latents = golden.tensor("kl.latents");
const gradLatents = golden.tensor("grad_latents");
/** The reference gradient is with respect to 2 * image - 1. */
const gradImage = mapped(golden.tensor("kl.grad_input"), (value) => 2 * value);
/** The reference image is 2 * image - 1 and not clipped. */
const decoded = mapped(
  golden.tensor("kl.decoded"),
  (value) => Math.min(1, Math.max(0, (value + 1) / 2)),
);
const config = parseAutoencoderKlConfig(await ModelConfig.open(teacher, "vae_kl"));
const [IMAGE, LATENTS] = [128, 16];
const encoderSizes = { batch: 1, height: IMAGE, width: IMAGE };
const decoderSizes = { batch: 1, height: LATENTS, width: LATENTS };

function mapped({ shape, data }: GoldenTensor, map: (value: number) => number): GoldenTensor {
  return { shape, data: data.map(map) };
}

/** Returns the weights with renamed keys. */
function renamed(weights: StateDict, rename: (key: string) => string): StateDict {
  return StateDict.fromEntries(
    weights.keys().map((key): WeightEntry => {
      const entry = weights.get(key);
      const read: WeightEntry["read"] = (...range) => entry.read(...range);
      return { key: rename(key), shape: entry.shape, dtype: entry.dtype, read };
    }),
    "renamed",
  );
}

Deno.test("buildKlEncoder() agrees with AutoencoderKL", async () => {
  using weights = await openWeights("vae_kl");
  const outputs = await runGraph(buildKlEncoder(weights, config, encoderSizes), { image });
  assertAgrees(outputs["latents"]!, latents, { name: "latents" });
});

Deno.test("buildKlDecoder() agrees with AutoencoderKL", async () => {
  using weights = await openWeights("vae_kl");
  const outputs = await runGraph(buildKlDecoder(weights, config, decoderSizes), { latents });
  assertAgrees(outputs["image"]!, decoded, { name: "image" });
});

Deno.test("buildKlEncoderGradient() agrees with autograd", async () => {
  using weights = await openWeights("vae_kl");
  const graphs = buildKlEncoderGradient(weights, config, encoderSizes);
  await using session = await GradientSession.load(WASM_SESSIONS, graphs);
  const forward = await session.forwardHost({ image });
  assertAgrees(forward["latents"]!, latents, { name: "latents" });
  const backward = await session.backwardHost({ grad_latents: gradLatents });
  // The reference multiplies latents with the scaling factor, as we do.
  assertAgrees(backward["grad_image"]!, gradImage, { name: "grad_image" });
});

gpuTest("buildKlEncoderGradient() agrees with autograd on WebGPU", async (gpu) => {
  using weights = await openWeights("vae_kl");
  const graphs = buildKlEncoderGradient(weights, config, encoderSizes);
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

gpuTest("buildKlDecoder() agrees with AutoencoderKL on WebGPU", async (gpu) => {
  using weights = await openWeights("vae_kl");
  const outputs = await runOnWebgpu(gpu, buildKlDecoder(weights, config, decoderSizes), {
    latents,
  });
  assertAgrees(outputs["image"]!, decoded, { name: "image" });
});

Deno.test("buildKlDecoder() takes the keys of older checkpoints", async () => {
  using weights = await openWeights("vae_kl");
  const old: Record<string, string> = {
    to_q: "query",
    to_k: "key",
    to_v: "value",
    "to_out.0": "proj_attn",
  };
  const names = renamed(
    weights,
    (key) => key.replace(/(to_q|to_k|to_v|to_out\.0)(?=\.(weight|bias)$)/, (name) => old[name]!),
  );
  assert.ok(names.has("decoder.mid_block.attentions.0.proj_attn.bias"));
  const outputs = await runGraph(buildKlDecoder(names, config, decoderSizes), { latents });
  assertAgrees(outputs["image"]!, decoded, { name: "image" });
});

Deno.test("buildKlEncoder() refuses sizes that are not multiples of the factor", async () => {
  using weights = await openWeights("vae_kl");
  const sizes = { batch: 1, height: 128, width: 100 };
  assert.throws(() => buildKlEncoder(weights, config, sizes), /multiples of 8, got 128 x 100$/);
});

Deno.test("buildKlEncoder() computes in float32 if the checkpoint says so", async () => {
  using weights = await openWeights("vae_kl");
  const typeOf = (forceUpcast: boolean) =>
    buildKlEncoder(weights, { ...config, forceUpcast }, {
      ...encoderSizes,
      precision: "float16",
    }).weights[0]!.value.type;
  assert.equal(typeOf(true), "float32");
  assert.equal(typeOf(false), "float16");
});

Deno.test("parseAutoencoderKlConfig() refuses unsupported options", () => {
  const parse = (options: Record<string, unknown>) =>
    parseAutoencoderKlConfig(
      new ModelConfig("vae/config.json", { _class_name: "AutoencoderKL", ...options }),
    );
  assert.equal(parse({ block_out_channels: [128] }).scalingFactor, 0.18215);
  const refused: Record<string, unknown> = {
    _class_name: "AutoencoderTiny",
    act_fn: "mish",
    shift_factor: 0.1,
    latents_mean: [0, 0, 0, 0],
    block_out_channels: [32, 64],
    norm_num_groups: 5,
    use_quant_conv: "yes",
    down_block_types: ["AttnDownEncoderBlock2D"],
    use_tiling: true,
  };
  for (const [key, value] of Object.entries(refused)) {
    const refusal = key === "block_out_channels" ? "down_block_types" : key;
    assert.throws(() => parse({ [key]: value }), { name: "ModelConfigError", key: refusal });
  }
});

Deno.test("readAutoencoder() reads both classes", async () => {
  for (const [subfolder, className] of [["vae", "Tiny"], ["vae_kl", "KL"]] as const) {
    const autoencoder = await readAutoencoder(teacher, subfolder);
    assert.equal(autoencoder.className, `Autoencoder${className}`);
    assert.equal(autoencoder.factor, 8);
    using weights = await openWeights(subfolder);
    const graph = autoencoder.buildDecoder(weights, decoderSizes);
    assert.deepEqual(graph.outputs[0]!.shape, [1, 3, IMAGE, IMAGE]);
  }
});
