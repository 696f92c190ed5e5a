import assert from "node:assert/strict";
import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import {
  checkpointTensors,
  encodeCheckpoint,
  type RunCheckpoint,
} from "../../../lib/run/checkpoint.ts";
import { createRun } from "../../../lib/distill/create_run.ts";
import type { RunInputs } from "../../../lib/distill/run_inputs.ts";
import { decodeCheckpoint } from "../../../lib/run/decode_checkpoint.ts";
import { Palette } from "../../../lib/palette/palette.ts";
import { defined } from "../../../lib/text/defined.ts";
import { writeSafetensors } from "../../../lib/weights/safetensors_writer.ts";
import { gpuTest } from "../../support/gpu_test.ts";
import { discImage, tinyConfig } from "../distill/tiny_run.ts";

const CONFIG = tinyConfig({ training: { steps: 6 } });

/** Makes some steps of a run of six, and returns its checkpoint as a file. */
async function makeSteps(gpu: Gpu, count: number, inputs: RunInputs) {
  await using run = await createRun(CONFIG, { ...inputs, gpu });
  for (let i = 0; i < count; i++) await run.makeStep();
  return encodeCheckpoint(await run.checkpoint());
}

for (const image of [undefined, discImage({ height: 16, width: 16 })]) {
  const from = image ? "an image" : "a prompt";
  gpuTest(
    `six steps from ${from} equal three, a checkpoint and three, bit for bit`,
    async (gpu) => {
      const inputs = defined({ image });
      const straight = await makeSteps(gpu, 6, inputs);
      const half = decodeCheckpoint(await makeSteps(gpu, 3, inputs), "half");
      assert.deepEqual([half.step, half.teacherCalls], [3, image ? 3 : 5]);
      const stages: string[] = [];
      const onStage = (stage: string) => stages.push(stage);
      const resumed = await makeSteps(gpu, 3, { ...inputs, checkpoint: half, onStage });
      assert.deepEqual(stages, ["load"]);
      assert.deepEqual(resumed, straight);
    },
  );
}

const CHECKPOINT: RunCheckpoint = {
  name: "c",
  height: 2,
  width: 3,
  step: 5,
  editSteps: 2,
  edit: undefined,
  optimizerStep: 4,
  teacherCalls: 13,
  seed: 7,
  palette: new Palette("own", Uint8Array.of(1, 2, 3, 4, 5, 6)),
  logits: Float32Array.from({ length: 12 }, (_, i) => Math.fround(i / 7)),
  moment1: new Float32Array(12).fill(0.25),
  moment2: new Float32Array(12).fill(2),
};

Deno.test("decodeCheckpoint() gives back what encodeCheckpoint() wrote", () => {
  assert.deepEqual(decodeCheckpoint(encodeCheckpoint(CHECKPOINT), "c"), CHECKPOINT);
  const long = { ...CHECKPOINT, seed: 2n ** 64n - 1n };
  assert.deepEqual(decodeCheckpoint(encodeCheckpoint(long), "c"), long);
  const pictures = [Uint32Array.of(0, 1, 1, 0, 0, 1), Uint32Array.of(1, 1, 1, 0, 0, 1)];
  for (const current of [undefined, { picture: pictures[1]!, latents: Float32Array.of(1, -2) }]) {
    const editing = { ...CHECKPOINT, edit: { pictures, current } };
    assert.deepEqual(decodeCheckpoint(encodeCheckpoint(editing), "c"), editing);
  }
});

Deno.test("decodeCheckpoint() reads earlier files, which have no edits", () => {
  const { tensors, metadata: { edit_steps: steps, ...rest } } = checkpointTensors(CHECKPOINT);
  assert.equal(steps, "2");
  const read = decodeCheckpoint(writeSafetensors(tensors, rest), "c");
  assert.deepEqual(read, { ...CHECKPOINT, editSteps: 0 });
});

Deno.test("decodeCheckpoint() reads the teacher calls under their earlier name", () => {
  const { tensors, metadata: { teacher_calls: calls, ...rest } } = checkpointTensors(CHECKPOINT);
  assert.equal(calls, "13");
  const file = writeSafetensors(tensors, { ...rest, evaluations: "13" });
  assert.deepEqual(decodeCheckpoint(file, "c"), CHECKPOINT);
});

Deno.test("decodeCheckpoint() refuses a broken file by its name", () => {
  const { tensors, metadata } = checkpointTensors(CHECKPOINT);
  const bytes = encodeCheckpoint(CHECKPOINT);
  const logits = tensors["logits"]!;
  const { moment2: _, ...few } = tensors;
  const infinite = { shape: logits.shape, data: new Float32Array(12).fill(Infinity) };
  const flat = { shape: [12], data: logits.data };
  const cases: [Uint8Array, RegExp][] = [
    [new Uint8Array(3), /the file is damaged: expected at least 8 bytes, got 3$/],
    [bytes.subarray(0, bytes.length - 9), /the file is damaged: .*cut off/],
    [writeSafetensors(tensors), /expected the format "smalti-checkpoint-1", got none$/],
    [writeSafetensors(few, metadata), /expected a tensor "moment2" of type F32, got none$/],
    [writeSafetensors({ ...tensors, logits: infinite }, metadata), /"logits" to be finite$/],
    [writeSafetensors({ ...tensors, logits: flat }, metadata), /its logits \[12\] and its palette/],
    [writeSafetensors({ ...tensors, moment1: flat }, metadata), /"moment1" of shape \[2, 3, 2\]/],
    [writeSafetensors(tensors, { ...metadata, seed: "x" }), /an integer "seed", got "x"$/],
  ];
  for (const [file, message] of cases) {
    assert.throws(() => decodeCheckpoint(file, "a/b.safetensors"), (error: Error) => {
      assert.equal(error.name, "CheckpointError");
      assert.match(error.message, /^Cannot resume from checkpoint "a\/b\.safetensors": /);
      assert.match(error.message, message);
      return true;
    });
  }
});

Deno.test("createRun() refuses a checkpoint of another size or palette", async () => {
  const other = { ...CHECKPOINT, height: 8, width: 8 };
  await assert.rejects(createRun(CONFIG, { checkpoint: CHECKPOINT }), {
    name: "CheckpointError",
    message: 'Cannot resume from checkpoint "c": expected 8x8 pixels (height x width), got 2x3',
  });
  const generator = { initializationMethod: "kmeans", kmeansNbColors: 3 } as const;
  await assert.rejects(createRun(tinyConfig({ generator }), { checkpoint: other }), {
    message: 'Cannot resume from checkpoint "c": expected a palette "kmeans-3", got "own"',
  });
  await assert.rejects(createRun(CONFIG, { checkpoint: other }), {
    message: /expected the 4 colors of the palette "game-boy" in their order, got the 2 of "own"$/,
  });
});

gpuTest("a resumed run says that its seed differs, and that all steps are done", async (gpu) => {
  const checkpoint = decodeCheckpoint(await makeSteps(gpu, 1, {}), "one");
  const notes: string[] = [];
  const config = tinyConfig({ training: { steps: 1 }, seed: 9 });
  await using run = await createRun(config, {
    gpu,
    checkpoint,
    onNote: (note) => notes.push(note),
  });
  assert.deepEqual([run.startStep, run.step, run.startImage], [1, 1, undefined]);
  assert.deepEqual(notes, [
    "The run resumes with seed 9; it started with seed 0",
    "The run is finished: its checkpoint is of step 1 of 1; to continue it, raise the number of steps",
  ]);
});
