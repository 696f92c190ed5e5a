import assert from "node:assert/strict";
import type { PartialConfig } from "../../../config/resolve_run_config.ts";
import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import { createRun } from "../../../lib/distill/create_run.ts";
import { distill } from "../../../lib/distill/distill.ts";
import type { RunInputs } from "../../../lib/distill/run_inputs.ts";
import { Image } from "../../../lib/image/image.ts";
import { SessionPool } from "../../../lib/onnx/batching/session_pool.ts";
import { CheckpointError, encodeCheckpoint } from "../../../lib/run/checkpoint.ts";
import { decodeCheckpoint } from "../../../lib/run/decode_checkpoint.ts";
import type { StepReport } from "../../../lib/run/step_report.ts";
import { gpuTest } from "../../support/gpu_test.ts";
import { discImage, tinyConfig } from "./tiny_run.ts";

const DISC = discImage({ height: 32, width: 32 });

interface Made {
  readonly indices: Uint32Array;
  readonly steps: readonly StepReport[];
  readonly teacherCalls: number;
  readonly palette: string;
  readonly notes: readonly string[];
  /** The checkpoint after each step. */
  readonly checkpoints: readonly Uint8Array[];
}

/** Makes a run with an image. */
async function make(
  gpu: Gpu,
  pool: SessionPool,
  part: PartialConfig,
  inputs: RunInputs = {},
): Promise<Made> {
  const notes: string[] = [];
  const config = tinyConfig({
    controlnet: { useControlnet: false },
    ...part,
    training: { steps: 0, ...part.training },
    diffusion: { edits: 1, ...part.diffusion },
  });
  await using run = await createRun(config, {
    gpu,
    pool,
    image: DISC,
    onNote: (note) => notes.push(note),
    ...inputs,
  });
  const steps: StepReport[] = [];
  const checkpoints = [encodeCheckpoint(await run.checkpoint())];
  for await (const report of distill(run)) {
    steps.push(report);
    checkpoints.push(encodeCheckpoint(await run.checkpoint()));
  }
  const { indices, palette } = await run.picture();
  const { teacherCalls } = run;
  return { indices, steps, teacherCalls, palette: palette.name, notes, checkpoints };
}

gpuTest("with a strength, the teacher edits the picture in the first steps", async (gpu) => {
  await using pool = new SessionPool();
  const plain = await make(gpu, pool, {});
  const diffusion = { strength: 0.6, editSteps: 5 };
  const edited = await make(gpu, pool, { diffusion });
  assert.deepEqual([plain.steps.length, plain.teacherCalls], [0, 0]);
  assert.deepEqual(
    edited.steps.map((
      { stage, step, steps, timestep, teacherCalls, losses },
    ) => [stage, step, steps, timestep, teacherCalls, Object.keys(losses).length]),
    [["edit", 1, 3, 599, 1, 0], ["edit", 2, 3, 399, 2, 0], ["edit", 3, 3, 199, 3, 0]],
  );
  assert.notDeepEqual(edited.indices, plain.indices);
  // The same seed gives the same picture, another one does not.
  assert.deepEqual((await make(gpu, pool, { diffusion })).indices, edited.indices);
  assert.notDeepEqual((await make(gpu, pool, { diffusion, seed: 9 })).indices, edited.indices);
});

gpuTest("edits repeat, each with its own noise, and distillation follows", async (gpu) => {
  await using pool = new SessionPool();
  const diffusion = { strength: 0.4, editSteps: 5 };
  const once = await make(gpu, pool, { diffusion });
  const twice = await make(gpu, pool, {
    diffusion: { ...diffusion, edits: 2 },
    training: { steps: 2, learningRate: 0.2 },
  });
  assert.deepEqual(
    twice.steps.map(({ stage, timestep }) => stage === "edit" ? timestep : stage),
    [399, 199, 399, 199, "distill", "distill"],
  );
  assert.deepEqual(twice.steps.map(({ step }) => step), [1, 2, 3, 4, 5, 6]);
  assert.equal(twice.teacherCalls, 6);
  assert(twice.steps.at(-1)!.losses["score"]! > 0);
  assert.notDeepEqual(twice.indices, once.indices);
});

gpuTest("a run that stops after any step of its edits resumes exactly", async (gpu) => {
  await using pool = new SessionPool();
  for (const strength of [0.4, null]) {
    const part = {
      diffusion: { strength, strengths: [0.2, 0.4], edits: 2, editSteps: 5 },
      training: { steps: 1 },
    };
    const whole = await make(gpu, pool, part);
    assert.equal(whole.steps.length, strength === null ? 4 : 5);
    for (const bytes of whole.checkpoints.slice(0, -1)) {
      const checkpoint = decodeCheckpoint(bytes);
      const resumed = await make(gpu, pool, part, { checkpoint });
      assert.equal(resumed.steps[0]!.step, checkpoint.step + 1);
      assert.deepEqual(resumed.checkpoints.at(-1), whole.checkpoints.at(-1));
      assert.deepEqual(resumed.indices, whole.indices);
    }
  }
});

gpuTest("a run does not resume in other edits than it began", async (gpu) => {
  await using pool = new SessionPool();
  const part = (strength: number) => ({ diffusion: { strength, editSteps: 5 } });
  const { checkpoints } = await make(gpu, pool, part(0.6));
  const checkpoint = decodeCheckpoint(checkpoints[1]!, "c");
  await assert.rejects(make(gpu, pool, part(0.4), { checkpoint }), (error: Error) => {
    assert(error instanceof CheckpointError);
    assert.match(error.message, /expected edits of 3 steps, as they began, got 2; resume with/);
    return true;
  });
});

gpuTest("edits begin with the picture that a run without edits shows", async (gpu) => {
  await using pool = new SessionPool();
  // Dithered areas of a smooth image: single pixels, which the margin removes.
  const image = new Image({ height: 64, width: 64 });
  for (let i = 0; i < 64 * 64; i++) {
    const value = Math.floor(((i % 64) * 3 + ((i * 7919) % 61)) % 256);
    image.data.set([value, (value * 2) % 256, 255 - value, 255], i * 4);
  }
  const [margin, none] = await Promise.all([{}, { orphanMargin: 0 }].map(async (generator) => {
    const plain = await make(gpu, pool, { generator }, { image });
    const diffusion = { strength: 0.4, editSteps: 5 };
    const edited = await make(gpu, pool, { generator, diffusion }, { image });
    const [first] = decodeCheckpoint(edited.checkpoints[0]!).edit!.pictures;
    assert.deepEqual(first, plain.indices);
    return plain.indices;
  }));
  assert.notDeepEqual(margin, none, "the image has orphan pixels");
});

gpuTest("a strength below the first step leaves the picture as it is", async (gpu) => {
  await using pool = new SessionPool();
  const plain = await make(gpu, pool, {});
  const weak = await make(gpu, pool, { diffusion: { strength: 0.01, editSteps: 20 } });
  assert.deepEqual([weak.steps.length, weak.teacherCalls], [0, 0]);
  assert.deepEqual(weak.indices, plain.indices);
});

gpuTest("an edit keeps a palette that was derived from the image", async (gpu) => {
  await using pool = new SessionPool();
  const generator = { initializationMethod: "kmeans", kmeansNbColors: 3 } as const;
  const { palette, indices } = await make(gpu, pool, {
    generator,
    diffusion: { strength: 0.6, editSteps: 5 },
  });
  assert.equal(palette, "kmeans-3");
  assert(Math.max(...indices) < 3);
});

gpuTest("a strength that has no effect is told", async (gpu) => {
  await using pool = new SessionPool();
  const diffusion = { strength: 0.5, editSteps: 5 };
  const silent = await make(gpu, pool, { diffusion, prompt: "" });
  assert.equal(silent.teacherCalls, 0);
  assert.deepEqual(silent.notes.filter((note) => note.includes("strength")), [
    '"diffusion.strength" has no effect: without a prompt, the picture is only converted',
  ]);
  const noise = await make(gpu, pool, { diffusion, generator: { initializeRenderer: false } });
  assert.deepEqual(noise.notes.filter((note) => note.includes("strength")), [
    '"diffusion.strength" has no effect: the picture does not start from an image',
  ]);
});

gpuTest("a sampled image is edited at its own strength", async (gpu) => {
  await using run = await createRun(
    tinyConfig({
      diffusion: { strength: null, strengths: [0.8, 0.2], sampleStrength: 0.5, editSteps: 4 },
    }),
    { gpu },
  );
  // Two of four steps lie below half of the diffusion time.
  assert.deepEqual([run.steps, run.teacherCalls], [2 + 2, 2]);
});

gpuTest("edits and the picture without them stay within an inventory", async (gpu) => {
  await using pool = new SessionPool();
  const countsOf = ({ indices }: Made) =>
    Array.from({ length: 4 }, (_, k) => indices.filter((index) => index === k).length);
  const plain = countsOf(await make(gpu, pool, { diffusion: { strength: 0.6 } }));
  const cells = plain.reduce((sum, count) => sum + count, 0);
  // Half of what the plain result takes of its most frequent color.
  const inventory = plain.map((count) =>
    count === Math.max(...plain) ? Math.floor(count / 2) : cells
  );
  for (const strength of [0, 0.6, null]) {
    const counts = countsOf(await make(gpu, pool, { diffusion: { strength } }, { inventory }));
    assert(counts.every((count, k) => count <= inventory[k]!), `strength ${strength}: ${counts}`);
  }
  const few = plain.map(() => 1);
  await assert.rejects(
    make(gpu, pool, {}, { inventory: few }),
    new RegExp(`Cannot fill ${cells} cells from the inventory: it has 4`),
  );
  await assert.rejects(
    make(gpu, pool, { training: { steps: 3 } }, { inventory }),
    /Cannot keep an inventory: expected edits only, got 3 steps/,
  );
  await assert.rejects(
    make(gpu, pool, { generator: { inventory: "mine.csv" } }),
    /expected the counts of inventory "mine.csv", got none/,
  );
  await assert.rejects(
    make(gpu, pool, { finish: { dither: "bayer4" } }, { inventory }),
    /Cannot keep an inventory together with a finish that changes its counts/,
  );
});

gpuTest("an inventory holds for the opaque pixels of a transparent picture", async (gpu) => {
  await using pool = new SessionPool();
  const sprite = Image.filled({ height: 8, width: 8 }, [15, 56, 15]);
  for (let i = 0; i < 64; i++) if (i % 8 < 4) sprite.data[i * 4 + 3] = 0;
  const config = {
    generator: { transparent: true },
    diffusion: { strength: 0.6 },
    training: { steps: 0 },
  } as const;
  // The darkest color of "game-boy", which all 32 opaque pixels have, is scarce.
  const inventory = [10, 64, 64, 64];
  const { indices } = await make(gpu, pool, config, { image: sprite, inventory });
  assert(indices.every((k, i) => (k === 4) === (i % 8 < 4)), "the mask stays");
  assert(indices.filter((k) => k === 0).length <= 10);
});
