import assert from "node:assert/strict";
import { createRun } from "../../../lib/distill/create_run.ts";
import { distill } from "../../../lib/distill/distill.ts";
import { Palette } from "../../../lib/palette/palette.ts";
import { gpuTest } from "../../support/gpu_test.ts";
import { SessionPool } from "../../../lib/onnx/batching/session_pool.ts";
import { tinyConfig } from "./tiny_run.ts";

gpuTest("a score changes nothing of a run, and is the same for the same picture", async (gpu) => {
  await using pool = new SessionPool();
  const scored = await createRun(tinyConfig({ seed: 1 }), { gpu, pool });
  await using plain = await createRun(tinyConfig({ seed: 1 }), { gpu, pool });
  await using _run = scored;
  for await (const _ of distill(scored)) assert(Number.isFinite(await scored.score()));
  for await (const _ of distill(plain));
  assert.deepEqual(await scored.checkpoint(), await plain.checkpoint());
  const score = await plain.score();
  assert.equal(await scored.score(), score);
  // The same picture has the same score, whatever the seed and the order of the colors.
  const checkpoint = await plain.checkpoint();
  const { palette, logits } = checkpoint;
  const turned = new Palette(
    "turned",
    palette.colors.map((_, i, all) => all[all.length - 3 * (Math.floor(i / 3) + 1) + i % 3]!),
  );
  const turnedLogits = logits.map((_, i, all) => {
    const k = i % palette.size;
    return all[i - k + palette.size - 1 - k]!;
  });
  await using other = await createRun(tinyConfig({ seed: 2 }), {
    gpu,
    pool,
    palette: turned,
    checkpoint: { ...checkpoint, palette: turned, logits: turnedLogits },
  });
  assert.deepEqual(await other.image(), await plain.image());
  assert.equal(await other.score(), score);
});

gpuTest("a score depends on the prompt and the picture", async (gpu) => {
  await using pool = new SessionPool();
  const scoreOf = async (config: Parameters<typeof tinyConfig>[0]) => {
    await using run = await createRun(tinyConfig(config), { gpu, pool });
    return await run.score();
  };
  const score = await scoreOf({});
  assert.notEqual(await scoreOf({ prompt: "a blue castle" }), score);
  const noise = await scoreOf({ generator: { initializeRenderer: false } });
  assert.notEqual(noise, score);
  assert.notEqual(await scoreOf({ generator: { initializeRenderer: false }, seed: 1 }), noise);
  // With the prompt alone it is an error times -1.
  const drawn = { diffusion: { guidanceScale: 1 }, sd: { guidanceScale: 0 } };
  assert(await scoreOf(drawn) < 0);
});

gpuTest("a score is refused during a step, and can be canceled", async (gpu) => {
  await using run = await createRun(tinyConfig(), { gpu });
  const step = run.makeStep();
  await assert.rejects(
    run.score(),
    /^TypeError: Cannot score the picture: another step, score or gradient image is not done/,
  );
  await step;
  const scoring = run.score();
  await assert.rejects(
    run.makeStep(),
    /^TypeError: Cannot make a step: another step, score or gradient image is not done/,
  );
  await scoring;
  const signal = AbortSignal.abort(new Error("stopped"));
  await assert.rejects(run.score({ signal }), /^Error: stopped$/);
  await run.makeStep();
});
