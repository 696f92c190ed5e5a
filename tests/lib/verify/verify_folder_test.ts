import assert from "node:assert/strict";
import { readSafetensorsHeader } from "../../../lib/weights/safetensors.ts";
import { memorySource } from "../../../lib/weights/byte_source.ts";
import { verifyFolder } from "../../../lib/verify/verify_folder.ts";
import type { TensorComparison } from "../../../lib/verify/tensor_comparison.ts";
import { goldenPath } from "../../support/goldens.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";

const OPTIONS = { runtime: "auto" } as const;

async function verify(folder: string): Promise<TensorComparison[]> {
  return await Array.fromAsync(verifyFolder(folder, OPTIONS));
}

function namesOf(lines: readonly TensorComparison[], status: TensorComparison["status"]): string[] {
  return lines.filter((line) => line.status === status).map(({ name }) => name);
}

/** Copies files of the fixtures, or folders of the teacher, into a folder. */
async function copyGoldens(folder: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const from = goldenPath(path);
    const to = `${folder}/${path}`;
    if ((await Deno.stat(from)).isDirectory) {
      await Deno.mkdir(to, { recursive: true });
      const names = [...Deno.readDirSync(from)].map(({ name }) => `${path}/${name}`);
      await copyGoldens(folder, names);
    } else {
      await Deno.copyFile(from, to);
    }
  }
}

/** Adds 0.1 to the first value of a float tensor in a file. */
async function changeFirstValue(path: string, tensor: string): Promise<void> {
  const bytes = await Deno.readFile(path);
  const { offset } = readSafetensorsHeader(memorySource(bytes, path)).tensors.get(tensor)!;
  const view = new DataView(bytes.buffer, offset, 4);
  view.setFloat32(0, view.getFloat32(0, true) + 0.1, true);
  await Deno.writeFile(path, bytes);
}

Deno.test("verifyFolder() reproduces all reference tensors of the project", async () => {
  const lines = await verify(goldenPath(""));
  assert.deepEqual(lines.filter(({ status }) => status === "FAIL"), []);
  const ok = namesOf(lines, "ok");
  for (
    const name of [
      "tokens tokenizer",
      "tokens tokenizer_2",
      "prompt_embeds input_ids",
      "prompt_embeds prompt_embeds",
      "prompt_embeds pooled_prompt_embeds",
      "unet_controlnet controlnet_canny.down.0",
      "unet_controlnet controlnet_depth.mid",
      "unet_controlnet controlnet_small.mid",
      "unet_controlnet unet.noise_pred",
      "unet_controlnet unet.noise_pred_controlled",
      "sd15 prompt_embeds",
      "sd15 prompt_embeds_skip_2",
      "sd15 controlnet_canny.mid",
      "sd15 unet.noise_pred",
      "sd15 unet.noise_pred_controlled",
      "sd15 unet.noise_pred_linear",
      "sd15 grad_latents",
      ...["plain", "loha", "lokr", "dora", "mid", "diff"].map((kind) =>
        `lora_sd15 noise_pred_${kind}`
      ),
      "vae tiny.latents",
      "vae tiny.grad_input",
      "vae tiny.decoded",
      "vae kl.latents",
      "vae kl.grad_input",
      "vae kl.decoded",
      "lora_expected noise_pred_diffusers",
      "lora_expected noise_pred_kohya",
      "depth_anything predicted_depth",
      "dpt_hybrid square.predicted_depth",
      "dpt_hybrid tall.predicted_depth",
      "dpt_hybrid odd.predicted_depth",
      "clip image_embeds",
      "clip text_embeds",
      "clip logits_per_image",
      "blip image_hidden_states",
      "blip logits",
      "blip greedy_ids",
      "schedulers alphas_cumprod",
      "schedulers ddim.end",
      "schedulers euler.end",
      "sds_step latents",
      "sds_step noise_pred",
      "sds_step grad_latents",
      "sds_step grad_image",
      "losses c.fft.grad",
      "losses a.tv_l1.grad",
      "losses a.tv_l2.grad",
      "losses b.laplacian_l1.grad",
      "losses b.laplacian_l2.grad",
      "losses c.bilateral.grad",
      "losses c.gradient.loss",
      "losses c.gradient.grad",
      "generator b.gumbel_hard.grad_logits",
      "generator a.normalized_reg2",
      "augment resize.area.grad_image",
      "augment augment.perspective.out",
      "adamw param5",
      "canny 1.blur",
      "initialize palette.cosine_similarity",
      "learning_rates polynomial",
    ]
  ) assert(ok.includes(name), `"${name}" was not compared`);
  assert.deepEqual(namesOf(lines, "skipped"), []);
});

Deno.test("verifyFolder() fails where one value differs, and only there", async () => {
  await inTemporaryFolder(async (folder) => {
    await copyGoldens(folder, ["tiny-sdxl/scheduler", "tiny-sdxl/vae", "tiny-sdxl/vae_kl"]);
    await copyGoldens(folder, ["vae.safetensors", "generator.safetensors", "adamw.safetensors"]);
    await changeFirstValue(`${folder}/vae.safetensors`, "tiny.grad_input");
    await changeFirstValue(`${folder}/vae.safetensors`, "kl.decoded");
    await changeFirstValue(`${folder}/generator.safetensors`, "b.soft.image");
    await changeFirstValue(`${folder}/adamw.safetensors`, "param4");
    const lines = await verify(folder);
    assert.deepEqual(namesOf(lines, "FAIL"), [
      "generator b.soft.image",
      "adamw param4",
      "vae tiny.grad_input",
      "vae kl.decoded",
    ]);
    assert(namesOf(lines, "skipped").includes("canny"), "a file that is not there has a line");
  });
});

Deno.test("verifyFolder() names what cannot be read, and continues", async () => {
  await inTemporaryFolder(async (folder) => {
    await copyGoldens(folder, ["losses.safetensors", "vae.safetensors", "adamw.safetensors"]);
    const bytes = await Deno.readFile(`${folder}/losses.safetensors`);
    await Deno.writeFile(`${folder}/losses.safetensors`, bytes.subarray(0, bytes.length - 9));
    await Deno.writeTextFile(`${folder}/tokens.json`, "{");
    await Deno.writeTextFile(`${folder}/other.safetensors`, "");
    const lines = await verify(folder);
    const reasons = lines.filter((line) => line.status === "FAIL")
      .map((line) => `${line.name}: ${"reason" in line ? line.reason : ""}`);
    assert.equal(reasons.length, 6);
    assert.match(reasons[0]!, /^tokens\.json: Cannot read ".*tokens\.json": it is not JSON$/);
    assert.match(reasons[1]!, /^losses: Cannot read ".*losses\.safetensors" as safetensors: /);
    assert.match(reasons[2]!, /^vae tiny\.latents: Cannot read ".*vae\/config\.json": there is no/);
    assert.match(reasons[3]!, /^vae tiny\.decoded: Cannot read ".*vae\/config\.json": there is no/);
    assert.match(reasons[4]!, /^vae kl\.latents: Cannot read ".*vae_kl\/config\.json": there is/);
    assert(namesOf(lines, "ok").includes("adamw param5"));
    const other = lines.find(({ name }) => name === "other")!;
    assert("reason" in other && other.status === "skipped");
    assert.equal(other.reason, "this version computes nothing of this kind");
  });
});

Deno.test("verifyFolder() refuses a folder without reference tensors", async () => {
  await inTemporaryFolder(async (folder) => {
    await assert.rejects(verify(folder), /Cannot verify ".*": expected files of reference tensors/);
    await assert.rejects(
      verify(`${folder}/none`),
      /Cannot verify ".*none": there is no such folder/,
    );
  });
});
