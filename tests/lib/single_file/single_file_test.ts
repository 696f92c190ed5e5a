import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { openCheckpointFile } from "../../../lib/conditioning/checkpoint_file.ts";
import { createRun } from "../../../lib/distill/create_run.ts";
import { distill } from "../../../lib/distill/distill.ts";
import { inspectModel } from "../../../lib/inspect/inspect_model.ts";
import { toBfloat16 } from "../../support/to_bfloat16.ts";
import { floatView } from "../../../lib/weights/float_view.ts";
import { openModelFolder } from "../../../lib/weights/open_model_folder.ts";
import { StateDict } from "../../../lib/weights/state_dict.ts";
import { goldenPath } from "../../support/goldens.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";
import { tinyConfig } from "../distill/tiny_run.ts";
import { bytesOf, writeTensors } from "../weights/write_raw.ts";
import {
  type RawNetworks,
  type RawTensors,
  readRaw,
  type Recast,
  toSingleFile,
} from "./ldm_layout.ts";

const TINY = openModelFolder(goldenPath("tiny-sdxl"));
const PARTS = ["unet", "text_encoder", "text_encoder_2", "vae"] as const;

/** Reads the tiny SDXL with its AutoencoderKL. */
async function readNetworks(recast?: Recast): Promise<RawNetworks> {
  const [unet, text, text2, vae] = await Promise.all(
    ["unet", "text_encoder", "text_encoder_2", "vae_kl"].map((part) => readRaw(TINY, part, recast)),
  );
  return { unet: unet!, text_encoder: text!, text_encoder_2: text2!, vae: vae! };
}

/** Writes networks as a folder in diffusers' layout, with what a single file implies. */
async function writeFolder(folder: string, networks: RawNetworks): Promise<void> {
  const write = async (path: string, content: string | Uint8Array) => {
    const full = join(folder, path);
    await Deno.mkdir(dirname(full), { recursive: true });
    await Deno.writeFile(
      full,
      typeof content === "string" ? new TextEncoder().encode(content) : content,
    );
  };
  for (const part of PARTS) {
    const from = part === "vae" ? "vae_kl" : part;
    await write(`${part}/config.json`, await TINY.text(`${from}/config.json`));
    await write(`${part}/model.safetensors`, writeTensors(networks[part]));
  }
  for (const part of ["tokenizer", "tokenizer_2"]) {
    for (const { name } of Deno.readDirSync(goldenPath(`tiny-sdxl/${part}`))) {
      await write(`${part}/${name}`, await TINY.text(`${part}/${name}`));
    }
  }
  await write("model_index.json", `{"force_zeros_for_empty_prompt":true}`);
  await write(
    "scheduler/scheduler_config.json",
    JSON.stringify({
      _class_name: "EulerDiscreteScheduler",
      beta_start: 0.00085,
      beta_end: 0.012,
      beta_schedule: "scaled_linear",
      num_train_timesteps: 1000,
      steps_offset: 1,
      timestep_spacing: "leading",
      prediction_type: "epsilon",
      set_alpha_to_one: false,
    }),
  );
}

const open = (id: string) => Promise.resolve(openModelFolder(id));

const RECASTS: Readonly<Record<string, Recast>> = {
  F32: (tensor) => tensor,
  F16: ({ shape, bytes }) => ({
    dtype: "F16",
    shape,
    bytes: bytesOf(new Float16Array(floatView(bytes as Uint8Array<ArrayBuffer>))),
  }),
  BF16: ({ shape, bytes }) => ({
    dtype: "BF16",
    shape,
    bytes: bytesOf(
      toBfloat16(floatView(bytes as Uint8Array<ArrayBuffer>)) as Uint16Array<ArrayBuffer>,
    ),
  }),
  // The upper bytes of float16 values are values of E5M2, which are also taken for E4M3 here.
  F8_E5M2: ({ shape, bytes }) => ({ dtype: "F8_E5M2", shape, bytes: upperBytes(bytes) }),
  F8_E4M3: ({ shape, bytes }) => ({ dtype: "F8_E4M3", shape, bytes: upperBytes(bytes) }),
};

function upperBytes(bytes: Uint8Array): Uint8Array {
  const halves = bytesOf(new Float16Array(floatView(bytes as Uint8Array<ArrayBuffer>)));
  return halves.filter((_, i) => i % 2 === 1);
}

for (const [dtype, recast] of Object.entries(RECASTS)) {
  Deno.test(`a checkpoint in one ${dtype} file has the same bits as its diffusers folder`, async () => {
    await inTemporaryFolder(async (root) => {
      const networks = await readNetworks(recast);
      await writeFolder(root, networks);
      const path = join(root, "tiny.safetensors");
      await Deno.writeFile(path, writeTensors(toSingleFile(networks)));
      const file = await openCheckpointFile(path, { open });
      const folder = openModelFolder(root);
      for (const part of PARTS) {
        using expected = await StateDict.open(folder, part);
        using found = await StateDict.open(file, part);
        assert.deepEqual(found.keys().sort(), expected.keys().sort());
        for (const key of expected.keys()) {
          const [a, b] = [found.get(key), expected.get(key)];
          assert.deepEqual([a.dtype, a.shape], [b.dtype, b.shape], key);
          assert.deepEqual(a.read("float32"), b.read("float32"), key);
          // Also a range that begins inside a tensor.
          assert.deepEqual(a.read("float16", 1, 2), b.read("float16", 1, 2), key);
        }
      }
    });
  });
}

Deno.test("a run with a checkpoint in one file gives the same bits as with its diffusers folder", async () => {
  await inTemporaryFolder(async (root) => {
    const networks = await readNetworks();
    await writeFolder(root, networks);
    const path = join(root, "tiny.safetensors");
    const file: RawTensors = toSingleFile(networks);
    const empty = { dtype: "F32", shape: [1], bytes: new Uint8Array(4) } as const;
    file["conditioner.embedders.1.model.logit_scale"] = empty;
    file["model_ema.decay"] = empty;
    await Deno.writeFile(path, writeTensors(file));
    const paint = async (modelId: string) => {
      const config = tinyConfig({ negativePrompt: "", diffusion: { modelId } });
      await using run = await createRun(config);
      for await (const _ of distill(run));
      return { image: (await run.image()).data, indices: (await run.picture()).indices };
    };
    const [found, expected] = [await paint(path), await paint(root)];
    assert.deepEqual(found, expected);
    const report = await inspectModel(path);
    assert.equal(report.isUsable, true, report.use);
    assert.deepEqual(report.tensors.ignored.map(({ key }) => key).sort(), [
      "conditioner.embedders.1.model.logit_scale",
      "model_ema.decay",
    ]);
    assert(report.memory!.peakBytes > 0);
  });
});

Deno.test("a file without tokenizers beside it names all ways to get them", async () => {
  await inTemporaryFolder(async (root) => {
    const networks = await readNetworks();
    await Deno.mkdir(join(root, "alone"));
    const path = join(root, "alone", "tiny.safetensors");
    await Deno.writeFile(path, writeTensors(toSingleFile(networks)));
    await Deno.mkdir(join(root, "none"));
    await assert.rejects(
      openCheckpointFile(path, { open, tokenizerId: join(root, "none") }),
      /has no tokenizer.*beside it.*diffusion\.tokenizer_id.*--download/,
    );
    // The vocabulary of one tokenizer is enough: the second has its own padding.
    const { tokenizerId } = { tokenizerId: goldenPath("tiny-sdxl/tokenizer") };
    const folder = await openCheckpointFile(path, { open, tokenizerId });
    const options = JSON.parse(await folder.text("tokenizer_2/tokenizer_config.json"));
    assert.equal(options.pad_token, "!");
    assert.equal(await folder.has("tokenizer_2/special_tokens_map.json"), false);
    assert.equal(
      await folder.text("tokenizer_2/vocab.json"),
      await TINY.text("tokenizer/vocab.json"),
    );
    // Sizes that no tensor tells are asked for.
    await assert.rejects(
      folder.text("unet/config.json"),
      /do not tell attention_head_dim and norm_num_groups/,
    );
  });
});

Deno.test("a UNet alone takes the other networks from a base", async () => {
  const path = goldenPath("tiny-sdxl/unet/diffusion_pytorch_model.safetensors");
  const folder = await openCheckpointFile(path, { open, baseId: goldenPath("tiny-sdxl") });
  assert.equal(
    await folder.text("text_encoder_2/config.json"),
    await TINY.text("text_encoder_2/config.json"),
  );
  assert.deepEqual(JSON.parse(await folder.text("unet/config.json")).attention_head_dim, [2, 4, 6]);
  using weights = await StateDict.open(folder, "unet");
  assert.equal(weights.keys().length, 620);
});

Deno.test("files that are no teacher are refused by name", async () => {
  const refuse = (name: string, reason: RegExp) =>
    assert.rejects(openCheckpointFile(goldenPath(name), { open }), reason);
  await refuse("lora_kohya.safetensors", /it is a LoRA; .*diffusion\.lora_path/);
  await refuse("tiny-sdxl/vae_kl/diffusion_pytorch_model.safetensors", /diffusion\.vae_id/);
  const controlnet = "tiny-sdxl/controlnet_depth/diffusion_pytorch_model.safetensors";
  await refuse(controlnet, /"SDXL ControlNet"; name it by controlnet\.models_id/);
  await refuse("adamw.safetensors", /a model of no known family/);
});
