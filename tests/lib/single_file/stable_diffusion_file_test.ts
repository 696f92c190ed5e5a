import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { openCheckpointFile } from "../../../lib/conditioning/checkpoint_file.ts";
import { createRun } from "../../../lib/distill/create_run.ts";
import { distill } from "../../../lib/distill/distill.ts";
import { inspectModel } from "../../../lib/inspect/inspect_model.ts";
import { splitCheckpoint } from "../../../lib/single_file/split_checkpoint.ts";
import { openModelFolder } from "../../../lib/weights/open_model_folder.ts";
import { StateDict } from "../../../lib/weights/state_dict.ts";
import { goldenPath } from "../../support/goldens.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";
import { tinyConfig } from "../distill/tiny_run.ts";
import { writeTensors } from "../weights/write_raw.ts";
import { readRaw, toStableDiffusionFile } from "./ldm_layout.ts";

const TINY = openModelFolder(goldenPath("tiny-sd15"));
const PARTS = ["unet", "text_encoder", "vae"] as const;
const open = (id: string) => Promise.resolve(openModelFolder(id));

/** What version 2 changes in the configs of the tiny Stable Diffusion 1.5. */
const SECOND: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  unet: { use_linear_projection: true, attention_head_dim: [1, 2, 4], upcast_attention: true },
  text_encoder: { hidden_act: "gelu" },
  vae: {},
};

/**
 * Writes a tiny Stable Diffusion as a folder in diffusers' layout and, in the same folder, as
 * `tiny.safetensors`.
 */
async function writeBoth(root: string, version: 1 | 2): Promise<string> {
  const write = async (path: string, content: string | Uint8Array) => {
    const full = join(root, path);
    await Deno.mkdir(dirname(full), { recursive: true });
    await Deno.writeFile(
      full,
      typeof content === "string" ? new TextEncoder().encode(content) : content,
    );
  };
  const [unet, text_encoder, vae] = await Promise.all(PARTS.map((part) => readRaw(TINY, part)));
  for (const [key, { dtype, shape, bytes }] of Object.entries(unet!)) {
    const isProjection = version === 2 && /\.proj_(in|out)\.weight$/.test(key);
    if (isProjection) unet![key] = { dtype, shape: shape.slice(0, 2), bytes };
  }
  const networks = { unet: unet!, text_encoder: text_encoder!, vae: vae! };
  for (const part of PARTS) {
    const config = JSON.parse(await TINY.text(`${part}/config.json`));
    const changed = version === 2 ? { ...config, ...SECOND[part] } : config;
    await write(`${part}/config.json`, JSON.stringify(changed));
    await write(`${part}/model.safetensors`, writeTensors(networks[part]));
  }
  await write(
    "scheduler/scheduler_config.json",
    await TINY.text("scheduler/scheduler_config.json"),
  );
  for (const { name } of Deno.readDirSync(goldenPath("tiny-sd15/tokenizer"))) {
    await write(`tokenizer/${name}`, await TINY.text(`tokenizer/${name}`));
  }
  const path = join(root, "tiny.safetensors");
  await Deno.writeFile(path, writeTensors(toStableDiffusionFile(networks, version)));
  return path;
}

for (const version of [1, 2] as const) {
  Deno.test(`a file of Stable Diffusion ${version} has the bits of its diffusers folder, and so has a run`, async () => {
    await inTemporaryFolder(async (root) => {
      const path = await writeBoth(root, version);
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
        }
      }
      const paint = async (modelId: string) => {
        const config = tinyConfig({ negativePrompt: "fog", diffusion: { modelId } });
        await using run = await createRun(config);
        for await (const _ of distill(run));
        return { image: (await run.image()).data, indices: (await run.picture()).indices };
      };
      assert.deepEqual(await paint(path), await paint(root));
    });
  });

  Deno.test(`inspectModel() accounts for all tensors of a file of Stable Diffusion ${version}`, async () => {
    await inTemporaryFolder(async (root) => {
      const report = await inspectModel(await writeBoth(root, version));
      assert.equal(report.isUsable, true, report.use);
      assert.equal(report.family, "Stable Diffusion layout of another size");
      assert.deepEqual(report.tensors.unknown, []);
      // Version 2 has a layer and a projection that are not used.
      assert.equal(report.tensors.ignored.length, version === 1 ? 0 : 13);
      assert(report.memory!.peakBytes > 0);
      const folder = await inspectModel(root);
      assert.equal(folder.isUsable, true, folder.use);
    });
  });
}

Deno.test("tokenizers of another family lend their vocabulary only", async () => {
  await inTemporaryFolder(async (root) => {
    const path = await writeBoth(root, 2);
    const alone = join(root, "alone");
    await Deno.mkdir(alone);
    await Deno.rename(path, join(alone, "tiny.safetensors"));
    const asked: string[] = [];
    const file = await openCheckpointFile(join(alone, "tiny.safetensors"), {
      open: (id) => {
        asked.push(id);
        return open(id === "sd15" ? goldenPath("tiny-sdxl") : id);
      },
    });
    assert.deepEqual(asked.at(-1), "sd15");
    // Its own tokenizer pads with the end token.
    const options = JSON.parse(await file.text("tokenizer/tokenizer_config.json"));
    assert.equal(options.pad_token, "!");
    assert.equal(await file.has("tokenizer_2/vocab.json"), false);
  });
});

Deno.test("a UNet of Stable Diffusion 2 alone asks for the model of its text encoder", async () => {
  await inTemporaryFolder(async (root) => {
    await writeBoth(root, 2);
    const wide = join(root, "wide.safetensors");
    const tensors = await readRaw(openModelFolder(root), "unet");
    for (const [key, { dtype, shape }] of Object.entries(tensors)) {
      if (!/attn2\.to_[kv]\.weight$/.test(key)) continue;
      const bytes = new Uint8Array(shape[0]! * 1024 * 2);
      tensors[key] = { dtype, shape: [shape[0]!, 1024], bytes };
    }
    await Deno.writeFile(wide, writeTensors(tensors));
    await assert.rejects(openCheckpointFile(wide, { open }), {
      name: "TeacherFolderError",
      message: /it has no text_encoder and no vae; name .*Stable Diffusion 2.* diffusion\.base_id$/,
    });
  });
});

Deno.test("the scale of a fused 8-bit projection goes to its three parts", () => {
  const at = "cond_stage_model.model.transformer.resblocks";
  const scales = (shape: readonly number[], end: string) => {
    const tensors = new Map([
      [`${at}.0.attn.in_proj_weight`, { shape: [12, 4], dtype: "F8_E4M3" as const }],
      [`${at}.0.attn.${end}`, { shape, dtype: "F32" as const }],
      [`${at}.1.ln_1.weight`, { shape: [4], dtype: "F32" as const }],
    ]);
    const { parts, unknown } = splitCheckpoint(tensors);
    assert.deepEqual(unknown, []);
    return parts[0]!.tensors.filter(({ key }) => key.endsWith(".scale_weight"))
      .map(({ key, shape, firstRow }) => [key.split(".").at(-2), shape, firstRow]);
  };
  assert.deepEqual(scales([], "in_proj_weight.scale_weight"), [
    ["q_proj", [], undefined],
    ["k_proj", [], undefined],
    ["v_proj", [], undefined],
  ]);
  assert.deepEqual(scales([12], "in_proj_weight_scale"), [
    ["q_proj", [4], 0],
    ["k_proj", [4], 4],
    ["v_proj", [4], 8],
  ]);
});
