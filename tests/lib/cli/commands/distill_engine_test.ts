import assert from "node:assert/strict";
import { DISTILL_ENGINE } from "../../../../lib/cli/commands/distill_engine.ts";
import type { EngineInputs, EngineStep } from "../../../../lib/cli/commands/engine.ts";
import { findPalette } from "../../../../lib/palette/find_palette.ts";
import { writeSafetensors } from "../../../../lib/weights/safetensors_writer.ts";
import { discImage, tinyConfig } from "../../distill/tiny_run.ts";

async function inputsOf(more: Partial<EngineInputs> = {}) {
  const notes: string[] = [];
  const inputs: EngineInputs = {
    palette: await findPalette("game-boy"),
    signal: new AbortController().signal,
    onStage: () => undefined,
    onNote: (message) => notes.push(message),
    ...more,
  };
  return { inputs, notes };
}

Deno.test("the engine makes a picture, tells what it began with, and goes on", async () => {
  const image = discImage({ height: 20, width: 20 });
  const config = tinyConfig({
    training: { steps: 3 },
    automaticCaption: true,
    diffusion: { enableXformers: true },
  });
  const { inputs, notes } = await inputsOf({ image });
  await using run = await DISTILL_ENGINE.open(config, inputs);
  assert.deepEqual([run.runtime, run.startStep, run.paletteName], ["wasm", 0, "game-boy"]);
  assert.match(run.adapter, /\w/);
  // The command itself has told that there are no xformers.
  assert.deepEqual(notes.map((note) => note.slice(0, 34)), ['"automatic_caption" has no effect:']);
  assert.equal(run.prompt, "a red dragon");
  const beginnings = await run.beginnings();
  const names = ["target_image", "init_pixelization", "control_canny"];
  assert.deepEqual(Object.keys(beginnings), names);
  assert.deepEqual(names.map((name) => beginnings[name]!.height), [64, 8, 64]);
  const steps: EngineStep[] = [];
  for await (const step of run.steps(inputs.signal)) {
    steps.push(step);
    if (step.step === 2) break;
  }
  assert.deepEqual(steps.map(({ step, steps, evaluations }) => [step, steps, evaluations]), [
    [1, 3, 1],
    [2, 3, 2],
  ]);
  const { augmented } = await run.stepViews();
  assert.deepEqual([augmented.width, (await run.entropy()).length], [64, 64]);
  const { height, width, palette, indices, softmax } = await run.result();
  assert.deepEqual([height, width, palette.name], [8, 8, "game-boy"]);
  assert.deepEqual([indices.length, softmax.length], [64, 192]);

  const { tensors, metadata } = await run.checkpoint();
  const checkpoint = writeSafetensors(tensors, metadata);
  const again = await inputsOf({ image, checkpoint });
  await using resumed = await DISTILL_ENGINE.open(config, again.inputs);
  assert.equal(resumed.startStep, 2);
  for await (const { step } of resumed.steps(inputs.signal)) assert.equal(step, 3);
});

Deno.test("the engine names a checkpoint that it refuses", async () => {
  const { inputs } = await inputsOf({
    checkpoint: new Uint8Array(20),
    checkpointName: "run/checkpoint_5.safetensors",
  });
  await assert.rejects(DISTILL_ENGINE.open(tinyConfig(), inputs), {
    message: /^Cannot go on from checkpoint "run\/checkpoint_5\.safetensors": the file is damaged/,
  });
});
