import assert from "node:assert/strict";
import * as smalti from "../mod.ts";
import { goldenPath } from "./support/goldens.ts";

Deno.test("mod.ts exports what its users need", () => {
  assert.deepEqual(Object.keys(smalti).sort(), [
    "CONFIG_KEYS",
    "CheckpointError",
    "ConfigError",
    "DeviceLostError",
    "Gpu",
    "HubError",
    "Image",
    "ImageError",
    "LoraError",
    "ModelConfigError",
    "ModelFolderError",
    "NoGpuError",
    "Palette",
    "PaletteError",
    "PixelizeError",
    "SessionError",
    "SessionPool",
    "ShaderError",
    "TeacherFolderError",
    "UnknownPaletteError",
    "WrongInputError",
    "builtInPalettes",
    "chooseBatch",
    "createRun",
    "decodeCheckpoint",
    "decodeImage",
    "describeMemoryPlan",
    "describeReport",
    "distill",
    "encodeCheckpoint",
    "encodeIndexedPng",
    "encodePng",
    "findPalette",
    "hasTransparency",
    "inspectModel",
    "parsePalette",
    "pixelize",
    "resolveRunConfig",
    "runTogether",
    "verifyCache",
  ]);
});

Deno.test("mod.ts makes a picture from a prompt to a PNG", async () => {
  const config = smalti.resolveRunConfig({
    prompt: "a red dragon",
    generator: { imageH: 8, imageW: 12 },
    training: { steps: 1 },
    diffusion: { modelId: goldenPath("tiny-sdxl"), numInferenceSteps: 1, strength: 0 },
    sd: { imSize: 64 },
  });
  const palette = smalti.parsePalette("#1a1c2c\n#f4f4f4\n#b13e53\n", "three");
  await using run = await smalti.createRun(config, { palette });
  for await (const { step, steps } of smalti.distill(run)) assert.deepEqual([step, steps], [1, 1]);
  const picture = await run.picture();
  const png = smalti.encodeIndexedPng(picture, picture.indices, picture.palette.colors);
  assert.deepEqual(await smalti.decodeImage(png), await run.image());
});

Deno.test("mod.ts makes several pictures of one loaded teacher, as single runs make them", async () => {
  using gpu = await smalti.Gpu.request();
  await using pool = new smalti.SessionPool();
  const configs = ["a red dragon", "a blue castle"].map((prompt, seed) =>
    smalti.resolveRunConfig({
      prompt,
      seed,
      generator: { imageH: 8, imageW: 12 },
      training: { steps: 1 },
      diffusion: { modelId: goldenPath("tiny-sdxl"), numInferenceSteps: 1, strength: 0 },
      sd: { imSize: 64 },
    })
  );
  const make = async (config: smalti.RunConfig, inputs: smalti.RunInputs) => {
    await using run = await smalti.createRun(config, inputs);
    for await (const _ of smalti.distill(run));
    return { picture: await run.picture(), score: await run.score() };
  };
  const sizes: number[] = [];
  const made = [];
  for (const config of configs) {
    made.push(await make(config, { gpu, pool }));
    sizes.push(pool.size);
  }
  assert(sizes[0]! > 0);
  assert.equal(sizes[1], sizes[0]);
  assert.notEqual(made[1]!.score, made[0]!.score);
  for (const [i, config] of configs.entries()) assert.deepEqual(await make(config, {}), made[i]);
});

Deno.test({
  name: "mod.ts is imported without any permission",
  permissions: "none",
  fn: async () => assert.equal((await smalti.findPalette("Pico 8")).size, 16),
});
