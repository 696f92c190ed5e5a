import assert from "node:assert/strict";
import { hasTransparency } from "../../../lib/finish/indexed_picture.ts";
import { Image } from "../../../lib/image/image.ts";
import { createRun } from "../../../lib/distill/create_run.ts";
import { distill } from "../../../lib/distill/distill.ts";
import { SessionPool } from "../../../lib/onnx/batching/session_pool.ts";
import { gpuTest } from "../../support/gpu_test.ts";
import { tinyConfig } from "./tiny_run.ts";

const SIZE = { height: 8, width: 8 };
/** A sprite at the picture's own size: its left half is transparent. */
const SPRITE = Image.filled(SIZE, [15, 56, 15]);
const MASK = Uint8Array.from({ length: 64 }, (_, i) => i % 8 < 4 ? 0 : 1);
for (const [i, isOpaque] of MASK.entries()) if (!isOpaque) SPRITE.data[i * 4 + 3] = 0;

const generator = { transparent: true } as const;

gpuTest("the alpha of an input image stays its mask, in edits and in distillation", async (gpu) => {
  await using pool = new SessionPool();
  const edits = { strength: 0.6, editSteps: 5 };
  for (const diffusion of [{ strength: 0 }, edits]) {
    const config = tinyConfig({ generator, diffusion, training: { steps: 0 } });
    await using run = await createRun(config, { gpu, pool, image: SPRITE });
    assert.match(run.config.prompt, /^a red dragon on a plain magenta background$/);
    for await (const _ of distill(run));
    const { palette, indices } = await run.picture();
    assert.deepEqual([palette.name, palette.size, run.palette.size], ["game-boy", 4, 4]);
    assert.deepEqual(indices.map((k) => k === 4 ? 0 : 1), Uint32Array.from(MASK));
    const image = await run.image();
    assert(MASK.every((isOpaque, i) => image.data[i * 4 + 3] === 255 * isOpaque));
  }
});

gpuTest(
  "a transparent run resumes with its class, and a prompt's own background stays",
  async (gpu) => {
    await using pool = new SessionPool();
    const config = tinyConfig({ generator, prompt: "a dragon on a blue background" });
    await using whole = await createRun(config, { gpu, pool, image: SPRITE });
    assert.equal(whole.config.prompt, "a dragon on a blue background");
    await whole.makeStep();
    const checkpoint = await whole.checkpoint();
    assert.equal(checkpoint.palette.size, 5);
    await whole.makeStep();
    await using resumed = await createRun(config, { gpu, pool, image: SPRITE, checkpoint });
    await resumed.makeStep();
    const pictures = await Promise.all([whole.picture(), resumed.picture()]);
    assert.deepEqual(pictures[0], pictures[1]);
    assert(hasTransparency(pictures[0]!));
    const opaque = { ...config, generator: { ...config.generator, transparent: false } };
    await assert.rejects(createRun(opaque, { gpu, pool, image: SPRITE, checkpoint }), {
      name: "CheckpointError",
    });
  },
);

gpuTest("an image without a plain background stays opaque, with a note", async (gpu) => {
  const noise = new Image({ height: 24, width: 24 });
  for (let i = 0; i < 24 * 24; i++) {
    noise.data.set([i * 7919 % 256, i * 104729 % 256, i * 1299709 % 256, 255], i * 4);
  }
  const notes: string[] = [];
  const config = tinyConfig({ generator, prompt: "", training: { steps: 0 } });
  await using run = await createRun(config, {
    gpu,
    image: noise,
    onNote: (note) => notes.push(note),
  });
  assert(!hasTransparency(await run.picture()));
  assert(notes.some((note) => /^Nothing is transparent: /.test(note)), notes.join("\n"));
});
