import assert from "node:assert/strict";
import { chooseReference } from "../../../lib/conditioning/choose_reference.ts";
import { createRun } from "../../../lib/distill/create_run.ts";
import { openModelFolder } from "../../../lib/weights/folder.ts";
import { goldenPath } from "../../support/goldens.ts";
import { gpuTest } from "../../support/gpu_test.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";
import { tinyConfig } from "./tiny_run.ts";

const DRAWN = { numReferences: 3, numInferenceSteps: 1 };

gpuTest("a run begins with the best of several images, in the eyes of the teacher", async (gpu) => {
  const notes: string[] = [];
  const config = tinyConfig({ diffusion: DRAWN });
  await using run = await createRun(config, { gpu, onNote: (note) => notes.push(note) });
  const { images, chosen, scores } = run.references!;
  assert.deepEqual([images.length, scores!.length], [3, 3]);
  assert.equal(scores!.indexOf(Math.max(...scores!)), chosen);
  assert.equal(new Set(scores).size, 3);
  assert.equal(run.startImage, images[chosen]);
  // One step and four times of judgement each.
  assert.equal(run.evaluations, 15);
  assert.deepEqual(notes, [
    "Of the 3 images that the teacher draws, it chooses the one that it denoises better with the " +
    "prompt than without, by most",
  ]);
});

gpuTest("a run begins with the best of several images, in the eyes of CLIP", async (gpu) => {
  await inTemporaryFolder(async (clipId) => {
    for (const name of ["config.json", "model.safetensors"]) {
      await Deno.copyFile(goldenPath(`tiny-clip/${name}`), `${clipId}/${name}`);
    }
    const letters = Array.from({ length: 26 }, (_, i) => String.fromCharCode(97 + i));
    const words = [...letters, ...letters.map((letter) => `${letter}</w>`)].map((word, i) =>
      [word, i] as const
    );
    const vocabulary = [...words, ["<|startoftext|>", 498], ["<|endoftext|>", 499]];
    await Deno.writeTextFile(
      `${clipId}/vocab.json`,
      JSON.stringify(Object.fromEntries(vocabulary)),
    );
    await Deno.writeTextFile(`${clipId}/merges.txt`, "#version: 0.2\n");
    await Deno.writeTextFile(`${clipId}/tokenizer_config.json`, '{"model_max_length": 77}');
    const notes: string[] = [];
    const config = tinyConfig({ diffusion: { ...DRAWN, clipId } });
    await using run = await createRun(config, { gpu, onNote: (note) => notes.push(note) });
    const { images, chosen, scores } = run.references!;
    const expected = await chooseReference(
      null,
      openModelFolder(clipId),
      { prompt: config.prompt, images },
      { runtime: "wasm" },
    );
    assert.deepEqual({ index: chosen, scores }, expected);
    assert.deepEqual([run.evaluations, notes], [3, []]);
  });
});

gpuTest("a run looks for all files of its CLIP before the teacher draws", async (gpu) => {
  await inTemporaryFolder(async (clipId) => {
    await Deno.copyFile(goldenPath("tiny-clip/config.json"), `${clipId}/config.json`);
    const config = tinyConfig({ diffusion: { ...DRAWN, numInferenceSteps: 1000, clipId } });
    const create = () => createRun(config, { gpu });
    // A thousand steps would take a minute.
    await assert.rejects(create(), { message: /tokenizer_config\.json": there is no such file/ });
    for (const name of ["merges.txt", "tokenizer_config.json", "vocab.json"]) {
      await Deno.copyFile(goldenPath(`tiny-sdxl/tokenizer/${name}`), `${clipId}/${name}`);
    }
    await assert.rejects(create(), { message: /safetensors/ });
  });
});

gpuTest("a run says that there is nothing for CLIP to choose", async (gpu) => {
  const notes: string[] = [];
  const config = tinyConfig({ diffusion: { clipId: "no/clip", numInferenceSteps: 1 } });
  await using run = await createRun(config, { gpu, onNote: (note) => notes.push(note) });
  assert.equal(run.references!.scores, undefined);
  assert.deepEqual(notes, [
    '"diffusion.clip_id" has no effect: one image is drawn, so there is nothing to choose',
  ]);
});
