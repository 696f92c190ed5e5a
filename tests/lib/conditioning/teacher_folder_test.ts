import assert from "node:assert/strict";
import { controlnetKind } from "../../../lib/hub/model_ids.ts";
import { openTeacherFolder, TeacherFolderError } from "../../../lib/conditioning/teacher_folder.ts";
import { readControlnetConfig } from "../../../lib/models/unet/controlnet_config.ts";
import { openModelFolder } from "../../../lib/weights/open_model_folder.ts";
import { goldenPath } from "../../support/goldens.ts";
import { memoryFolder } from "./memory_folder.ts";

const TINY = openModelFolder(goldenPath("tiny-sdxl"));

Deno.test("openTeacherFolder() returns the size of images and latents", async () => {
  const teacher = await openTeacherFolder(TINY, { name: "tiny" });
  assert.equal(teacher.name, "tiny");
  assert.deepEqual(teacher.imageSize, { height: 128, width: 128 });
  assert.deepEqual(teacher.latentSize({ height: 64, width: 96 }), { height: 8, width: 12 });
  assert.throws(() => teacher.latentSize({ height: 100, width: 96 }), /multiples of 8 pixels/);
});

Deno.test("controlnetLocation() takes SD-piXL's names with a size", async () => {
  const teacher = await openTeacherFolder(TINY);
  assert.equal((await teacher.controlnetLocation("canny")).subfolder, "controlnet_canny");
  assert.equal((await teacher.controlnetLocation("depth_mid")).subfolder, "controlnet_depth");
  assert.equal(await teacher.hasControlnet("pose"), false);
  await assert.rejects(
    teacher.controlnetLocation("pose_mid"),
    /it has no ControlNet "pose_mid": expected its files in the folder "controlnet_pose"/,
  );
});

Deno.test("openTeacherFolder() names all missing files", async () => {
  const folder = memoryFolder({}, TINY, ["unet/config.json", "tokenizer_2/vocab.json"]);
  await assert.rejects(openTeacherFolder(folder), (error) => {
    assert(error instanceof TeacherFolderError);
    assert.match(error.message, /there is no unet\/config\.json, tokenizer_2\/vocab\.json; check/);
    return true;
  });
});

Deno.test("controlnetLocation() looks elsewhere for a ControlNet that the teacher does not have", async () => {
  const own = openModelFolder(goldenPath("tiny-sdxl/controlnet_small"));
  const asked: string[] = [];
  const teacher = await openTeacherFolder(TINY, {
    findControlnet(id) {
      asked.push(id);
      return Promise.resolve(id === "pose" ? undefined : own);
    },
  });
  assert.equal((await teacher.controlnetLocation("canny_mid")).folder, TINY);
  assert.deepEqual(await teacher.controlnetLocation("a/cn-canny"), { folder: own, subfolder: "" });
  assert.equal(await teacher.hasControlnet("pose"), false);
  assert.deepEqual(asked, ["a/cn-canny", "pose"]);
  const kinds = ["canny_full", "a/ControlNet-Depth-sdxl", "./x"].map(controlnetKind);
  assert.deepEqual(kinds, ["canny", "depth", "./x"]);
});

Deno.test("openTeacherFolder() takes an AutoencoderKL", async () => {
  const autoencoder = openModelFolder(goldenPath("tiny-sdxl/vae_kl"));
  const { vae } = await openTeacherFolder(TINY, { autoencoder });
  assert.deepEqual([vae.className, vae.factor, vae.scalingFactor], ["AutoencoderKL", 8, 0.13025]);
});

Deno.test("openTeacherFolder() refuses an autoencoder with other latents", async () => {
  const text = '{"_class_name": "AutoencoderTiny", "latent_channels": 16}';
  const autoencoder = memoryFolder({ "config.json": text });
  await assert.rejects(
    openTeacherFolder(TINY, { name: "tiny", autoencoder }),
    /expected an autoencoder with 4 channels of latents, as the UNet of "tiny", got 16; check/,
  );
});

Deno.test("checkControlnet() refuses a ControlNet for images of another size", async () => {
  const text = '{"_class_name": "AutoencoderTiny", "encoder_block_out_channels": [64, 64, 64], ' +
    '"decoder_block_out_channels": [64, 64, 64], "num_encoder_blocks": [1, 3, 3], ' +
    '"num_decoder_blocks": [3, 3, 1]}';
  const teacher = await openTeacherFolder(TINY, {
    autoencoder: memoryFolder({ "config.json": text }),
  });
  const config = await readControlnetConfig(TINY, "controlnet_canny");
  assert.throws(
    () => teacher.checkControlnet("canny", config),
    /"canny" follows images of 8 pixels per latent, but this AutoencoderTiny makes one latent of 4;/,
  );
  (await openTeacherFolder(TINY)).checkControlnet("canny", config);
});

Deno.test("openTeacherFolder() takes an autoencoder from another folder", async () => {
  const autoencoder = memoryFolder({ "config.json": '{"_class_name": "AutoencoderTiny"}' });
  const folder = memoryFolder({}, TINY, ["vae/config.json"]);
  const teacher = await openTeacherFolder(folder, { autoencoder });
  assert.deepEqual([teacher.vae.className, teacher.vae.factor], ["AutoencoderTiny", 8]);
  assert.equal(teacher.vaeLocation.folder, autoencoder);
  await assert.rejects(openTeacherFolder(folder), /there is no vae\/config\.json/);
});

Deno.test("openTeacherFolder() refuses a wrong option of empty prompts", async () => {
  const folder = memoryFolder(
    { "model_index.json": '{"force_zeros_for_empty_prompt": 1}' },
    TINY,
  );
  await assert.rejects(openTeacherFolder(folder), {
    name: "ModelConfigError",
    key: "force_zeros_for_empty_prompt",
  });
});

Deno.test("openTeacherFolder() refuses a UNet that takes further channels", async () => {
  const options = JSON.parse(await TINY.text("unet/config.json"));
  const unet = JSON.stringify({ ...options, in_channels: 9 });
  await assert.rejects(openTeacherFolder(memoryFolder({ "unet/config.json": unet }, TINY)), {
    name: "TeacherFolderError",
    message: /: its UNet takes 9 channels instead of 4, so it is for inpainting or for editing/,
  });
});

Deno.test("openTeacherFolder() refuses a text encoder that does not fit the UNet", async () => {
  // Without added conditions it is a UNet of Stable Diffusion 1 or 2.
  const {
    addition_embed_type: _type,
    addition_time_embed_dim: _dim,
    projection_class_embeddings_input_dim: _width,
    ...options
  } = JSON.parse(await TINY.text("unet/config.json"));
  const folder = memoryFolder({ "unet/config.json": JSON.stringify(options) }, TINY);
  await assert.rejects(openTeacherFolder(folder), {
    name: "ModelConfigError",
    message: /expected 80, the cross_attention_dim of the UNet for "hidden_size", got 32$/,
  });
});

Deno.test("checkControlnet() refuses a ControlNet of another family", async () => {
  const teacher = await openTeacherFolder(TINY);
  const config = await readControlnetConfig(TINY, "controlnet_canny");
  assert.throws(() => teacher.checkControlnet("canny", { ...config, addedConditions: undefined }), {
    name: "TeacherFolderError",
    message: /"canny" is for another model family: expected tokens of width 80 and pooled prompts /,
  });
  assert.throws(
    () => teacher.checkControlnet("canny", { ...config, crossAttentionDim: 768 }),
    /got tokens of width 768 and pooled prompts of width 40; take "canny" out of/,
  );
});
