import assert from "node:assert/strict";
import { createRun } from "../../../lib/distill/create_run.ts";
import { captionAs } from "../../../lib/distill/caption_prompt.ts";
import { goldenPath } from "../../support/goldens.ts";
import { gpuTest } from "../../support/gpu_test.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";
import { openTinyBlip, tinyBlipFiles } from "./tiny_blip.ts";
import { discImage, tinyConfig } from "./tiny_run.ts";
import { WASM_SESSIONS } from "../onnx/run_graph.ts";

const DISC = discImage({ height: 40, width: 60 });
const CAPTION = { query: "w7 w8", minNewTokens: 4, maxNewTokens: 4 };

gpuTest("a run uses the caption of its image as its prompt", async (gpu) => {
  await inTemporaryFolder(async (folder) => {
    for (const name of ["config.json", "model.safetensors"]) {
      await Deno.copyFile(goldenPath(`tiny-blip/${name}`), `${folder}/${name}`);
    }
    for (const [name, text] of Object.entries(tinyBlipFiles())) {
      await Deno.writeTextFile(`${folder}/${name}`, text);
    }
    const [stages, notes]: [string[], string[]] = [[], []];
    const config = tinyConfig({
      prompt: "",
      automaticCaption: true,
      caption: { ...CAPTION, blipModelId: folder },
    });
    await using run = await createRun(config, {
      gpu,
      image: DISC,
      onStage: (stage) => stages.push(stage),
      onNote: (note) => notes.push(note),
    });
    const { prompt } = run.config;
    assert.match(prompt, /^w7 w8( w\d+){4}$/);
    assert.deepEqual(stages, ["load", "caption"]);
    assert.equal(notes[0], `The prompt is the caption of the image: "${prompt}"`);
  });
});

Deno.test("captionAs() keeps to the max number of tokens", async () => {
  const folder = await openTinyBlip(102);
  const config = { ...tinyConfig().caption, minNewTokens: 20, maxNewTokens: 3 };
  const caption = await captionAs(WASM_SESSIONS, { folder, image: DISC }, config);
  assert.match(caption, /^w\d+ w\d+ w\d+$/);
});

gpuTest("a run says why there is no caption", async (gpu) => {
  const cases = [
    [{ image: DISC }, /^"automatic_caption" has no effect: BLIP-2 is not supported; /],
    [{}, /^"automatic_caption" has no effect: there is no image to caption$/],
  ] as const;
  for (const [inputs, message] of cases) {
    const notes: string[] = [];
    const config = tinyConfig({ automaticCaption: true, diffusion: { numInferenceSteps: 1 } });
    await using run = await createRun(config, {
      ...inputs,
      gpu,
      onNote: (note) => notes.push(note),
    });
    assert.equal(run.config.prompt, config.prompt);
    const told = notes.filter((note) => note.includes("automatic_caption"));
    assert.equal(told.length, 1);
    assert.match(told[0]!, message);
  }
});
