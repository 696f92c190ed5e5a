import assert from "node:assert/strict";
import { openTeacherFolder, TeacherFolderError } from "../../../lib/conditioning/teacher_folder.ts";
import { openModelFolder } from "../../../lib/weights/folder.ts";
import { goldenPath } from "../../support/goldens.ts";
import { memoryFolder } from "./memory_folder.ts";

const TINY = openModelFolder(goldenPath("tiny-sdxl"));

Deno.test("openTeacherFolder() finds the size of images and latents", async () => {
  const teacher = await openTeacherFolder(TINY, { name: "tiny" });
  assert.equal(teacher.name, "tiny");
  assert.deepEqual(teacher.imageSize, { height: 128, width: 128 });
  assert.deepEqual(teacher.latentSize({ height: 64, width: 96 }), { height: 8, width: 12 });
  assert.throws(() => teacher.latentSize({ height: 100, width: 96 }), /multiples of 8 pixels/);
  assert.equal(teacher.forceZerosForEmptyPrompt, false);
});

Deno.test("controlnetSubfolder() takes SD-piXL's names with a size", async () => {
  const teacher = await openTeacherFolder(TINY);
  assert.equal(await teacher.controlnetSubfolder("canny"), "controlnet_canny");
  assert.equal(await teacher.controlnetSubfolder("depth_mid"), "controlnet_depth");
  assert.equal(await teacher.hasControlnet("pose"), false);
  await assert.rejects(
    teacher.controlnetSubfolder("pose_mid"),
    /it has no ControlNet "pose_mid": expected its files in the folder "controlnet_pose"/,
  );
});

Deno.test("openTeacherFolder() names all files that are missing", async () => {
  const folder = memoryFolder({}, TINY, ["unet/config.json", "tokenizer_2/vocab.json"]);
  await assert.rejects(openTeacherFolder(folder), (error) => {
    assert(error instanceof TeacherFolderError);
    assert.match(error.message, /there is no unet\/config\.json, tokenizer_2\/vocab\.json; check/);
    return true;
  });
});

Deno.test("openTeacherFolder() refuses an AutoencoderKL by name", async () => {
  const folder = memoryFolder({ "vae/config.json": '{"_class_name": "AutoencoderKL"}' }, TINY);
  await assert.rejects(openTeacherFolder(folder), /got AutoencoderKL; set diffusion\.vae_id/);
});

Deno.test("openTeacherFolder() takes another autoencoder from a folder of its own", async () => {
  const autoencoder = memoryFolder({ "config.json": '{"_class_name": "AutoencoderTiny"}' });
  const folder = memoryFolder({}, TINY, ["vae/config.json"]);
  const teacher = await openTeacherFolder(folder, { autoencoder });
  assert.deepEqual(teacher.vae.encoderChannels, [64, 64, 64, 64]);
  assert.equal(teacher.vaePlace.folder, autoencoder);
  await assert.rejects(openTeacherFolder(folder), /there is no vae\/config\.json/);
});

Deno.test("openTeacherFolder() reads whether empty prompts are zeros", async () => {
  const folder = memoryFolder(
    { "model_index.json": '{"force_zeros_for_empty_prompt": true}' },
    TINY,
  );
  assert.equal((await openTeacherFolder(folder)).forceZerosForEmptyPrompt, true);
});
