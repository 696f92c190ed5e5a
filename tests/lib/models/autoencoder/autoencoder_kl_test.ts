import assert from "node:assert/strict";
import { readAutoencoder } from "../../../../lib/models/autoencoder/autoencoder.ts";
import {
  buildKlDecoder,
  buildKlEncoder,
  buildKlEncoderGradient,
} from "../../../../lib/models/autoencoder/autoencoder_kl.ts";
import { parseAutoencoderKlConfig } from "../../../../lib/models/autoencoder/autoencoder_kl_config.ts";
import { ModelConfig } from "../../../../lib/models/model_config.ts";
import { StateDict } from "../../../../lib/weights/state_dict.ts";
import type { WeightEntry } from "../../../../lib/weights/weight_source.ts";
import { runGraph } from "../../onnx/run_graph.ts";
import { assertAgrees, openWeights, teacher } from "../agreement.ts";
import {
  autoencoderGoldens,
  decoderSizes,
  encoderSizes,
  IMAGE,
  testAgreement,
} from "./autoencoder_agreement.ts";

const config = parseAutoencoderKlConfig(await ModelConfig.open(teacher, "vae_kl"));
const { latents, decoded } = autoencoderGoldens("kl");

testAgreement({
  className: "AutoencoderKL",
  kind: "kl",
  subfolder: "vae_kl",
  encoder: (weights) => buildKlEncoder(weights, config, encoderSizes),
  decoder: (weights) => buildKlDecoder(weights, config, decoderSizes),
  encoderGradient: (weights) => buildKlEncoderGradient(weights, config, encoderSizes),
});

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
