import assert from "node:assert/strict";
import * as smalti from "../mod.ts";
import { goldenPath } from "./support/goldens.ts";

Deno.test("mod.ts exports what its users need", () => {
  assert.deepEqual(Object.keys(smalti).sort(), [
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
    "SessionError",
    "SessionPool",
    "ShaderError",
    "TeacherFolderError",
    "UnknownPaletteError",
    "builtInPalettes",
    "createRun",
    "decodeCheckpoint",
    "decodeImage",
    "describeMemoryPlan",
    "distill",
    "encodeCheckpoint",
    "encodeIndexedPng",
    "encodePng",
    "findPalette",
    "parsePalette",
    "resolveRunConfig",
  ]);
});

Deno.test("mod.ts makes a picture from a prompt to a PNG", async () => {
  const config = smalti.resolveRunConfig({
    prompt: "a red dragon",
    generator: { imageH: 8, imageW: 12 },
    training: { steps: 1 },
    diffusion: { modelId: goldenPath("tiny-sdxl"), numInferenceSteps: 1 },
    sd: { imSize: 64 },
  });
  const palette = smalti.parsePalette("#1a1c2c\n#f4f4f4\n#b13e53\n", "three");
  await using run = await smalti.createRun(config, { palette });
  for await (const { step, steps } of smalti.distill(run)) assert.deepEqual([step, steps], [1, 1]);
  const picture = await run.picture();
  const png = smalti.encodeIndexedPng(picture, picture.indices, picture.palette.colors);
  assert.deepEqual(await smalti.decodeImage(png), await run.image());
});

Deno.test({
  name: "mod.ts is imported without any permission",
  permissions: "none",
  fn: async () => assert.equal((await smalti.findPalette("Pico 8")).size, 16),
});
