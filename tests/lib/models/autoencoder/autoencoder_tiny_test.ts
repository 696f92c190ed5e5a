import assert from "node:assert/strict";
import {
  buildTinyDecoder,
  buildTinyEncoder,
  buildTinyEncoderGradient,
} from "../../../../lib/models/autoencoder/autoencoder_tiny.ts";
import { parseAutoencoderTinyConfig } from "../../../../lib/models/autoencoder/autoencoder_tiny_config.ts";
import { ModelConfig } from "../../../../lib/models/model_config.ts";
import { runGraph } from "../../onnx/run_graph.ts";
import { assertAgrees, openWeights, teacher } from "../agreement.ts";
import {
  autoencoderGoldens,
  decoderSizes,
  encoderSizes,
  image,
  mapped,
  testAgreement,
} from "./autoencoder_agreement.ts";

const config = parseAutoencoderTinyConfig(await ModelConfig.open(teacher, "vae"));
const { latents, decoded } = autoencoderGoldens("tiny");

testAgreement({
  className: "AutoencoderTiny",
  kind: "tiny",
  subfolder: "vae",
  encoder: (weights) => buildTinyEncoder(weights, config, encoderSizes),
  decoder: (weights) => buildTinyDecoder(weights, config, decoderSizes),
  encoderGradient: (weights) => buildTinyEncoderGradient(weights, config, encoderSizes),
});

Deno.test("parseAutoencoderTinyConfig() returns the factor between image and latents", () => {
  assert.equal(config.factor, 8);
  assert.equal(config.scalingFactor, 1);
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
