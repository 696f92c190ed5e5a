import assert from "node:assert/strict";
import type { PartialConfig } from "../../../config/resolve_run_config.ts";
import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import { createRun } from "../../../lib/distill/create_run.ts";
import { SessionPool } from "../../../lib/onnx/batching/session_pool.ts";
import { gpuTest } from "../../support/gpu_test.ts";
import { discImage, tinyConfig } from "./tiny_run.ts";

const DISC = discImage({ height: 32, width: 32 });

interface Started {
  readonly indices: Uint32Array;
  readonly teacherCalls: number;
  readonly palette: string;
  readonly notes: readonly string[];
  readonly stages: readonly string[];
}

/** Starts a run with an image and tells what it starts from. */
async function start(gpu: Gpu, pool: SessionPool, part: PartialConfig): Promise<Started> {
  const [notes, stages]: [string[], string[]] = [[], []];
  const config = tinyConfig({ controlnet: { useControlnet: false }, ...part });
  await using run = await createRun(config, {
    gpu,
    pool,
    image: DISC,
    onNote: (note) => notes.push(note),
    onStage: (stage) => stages.push(stage),
  });
  const { indices, palette } = await run.picture();
  return { indices, teacherCalls: run.teacherCalls, palette: palette.name, notes, stages };
}

gpuTest(
  "a strength lets the teacher edit the first picture, the same for the same seed",
  async (gpu) => {
    await using pool = new SessionPool();
    const plain = await start(gpu, pool, {});
    const edited = await start(gpu, pool, { diffusion: { strength: 0.6, editSteps: 5 } });
    const again = await start(gpu, pool, { diffusion: { strength: 0.6, editSteps: 5 } });
    const other = await start(gpu, pool, { diffusion: { strength: 0.6, editSteps: 5 }, seed: 9 });
    assert.deepEqual([plain.teacherCalls, edited.teacherCalls], [0, 3]);
    assert.deepEqual([plain.stages, edited.stages], [["load"], ["load", "edit"]]);
    assert.notDeepEqual(edited.indices, plain.indices);
    assert.deepEqual(again.indices, edited.indices);
    assert.notDeepEqual(other.indices, edited.indices);
  },
);

gpuTest("a strength below the first step leaves the picture as it is", async (gpu) => {
  await using pool = new SessionPool();
  const plain = await start(gpu, pool, {});
  const weak = await start(gpu, pool, { diffusion: { strength: 0.01, editSteps: 20 } });
  assert.equal(weak.teacherCalls, 0);
  assert.deepEqual(weak.indices, plain.indices);
});

gpuTest("an edit keeps a palette that was derived from the image", async (gpu) => {
  await using pool = new SessionPool();
  const generator = { initializationMethod: "kmeans", kmeansNbColors: 3 } as const;
  const { palette, indices } = await start(gpu, pool, {
    generator,
    diffusion: { strength: 0.6, editSteps: 5 },
  });
  assert.equal(palette, "kmeans-3");
  assert(Math.max(...indices) < 3);
});

gpuTest("a strength that has no effect is told", async (gpu) => {
  await using pool = new SessionPool();
  const diffusion = { strength: 0.5, editSteps: 5 };
  const silent = await start(gpu, pool, { diffusion, prompt: "" });
  assert.equal(silent.teacherCalls, 0);
  assert.deepEqual(silent.notes.filter((note) => note.includes("strength")), [
    '"diffusion.strength" has no effect: without a prompt, the picture is only converted',
  ]);
  const noise = await start(gpu, pool, { diffusion, generator: { initializeRenderer: false } });
  assert.deepEqual(noise.notes.filter((note) => note.includes("strength")), [
    '"diffusion.strength" has no effect: the picture does not start from an image',
  ]);
});

gpuTest("a sampled image can be edited, too", async (gpu) => {
  await using run = await createRun(
    tinyConfig({ diffusion: { strength: 0.5, editSteps: 4 } }),
    { gpu },
  );
  // Two steps of the sample, and the two of four that lie below half of the diffusion time.
  assert.equal(run.teacherCalls, 4);
});
