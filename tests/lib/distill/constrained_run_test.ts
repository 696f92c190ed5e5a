import assert from "node:assert/strict";
import type { PartialConfig } from "../../../config/resolve_run_config.ts";
import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import { movesOf } from "../../../lib/constraint/symmetry.ts";
import { createRun } from "../../../lib/distill/create_run.ts";
import { distill } from "../../../lib/distill/distill.ts";
import type { RunInputs } from "../../../lib/distill/run_inputs.ts";
import { Image } from "../../../lib/image/image.ts";
import { SessionPool } from "../../../lib/onnx/batching/session_pool.ts";
import { encodeCheckpoint } from "../../../lib/run/checkpoint.ts";
import { decodeCheckpoint } from "../../../lib/run/decode_checkpoint.ts";
import { gpuTest } from "../../support/gpu_test.ts";
import { discImage, tinyConfig } from "./tiny_run.ts";

const SIZE = { height: 8, width: 8 };
const DISC = discImage({ height: 32, width: 32 });
/** Colors of "game-boy". */
const COLORS = [0x0f380f, 0x306230, 0x8bac0f, 0x9bbc0f];

/** The steps of a run: edits, score distillation, or both. */
const KINDS: Readonly<Record<string, PartialConfig>> = {
  edits: { training: { steps: 0 }, diffusion: { strength: 0.5, editSteps: 4 } },
  "score distillation": { training: { steps: 2, learningRate: 10 } },
  "both": {
    training: { steps: 2, learningRate: 10 },
    diffusion: { strength: 0.5, editSteps: 4 },
  },
};

/** Makes a run, and returns the indices before each step and at the end. */
async function indicesOf(
  gpu: Gpu,
  pool: SessionPool,
  config: PartialConfig,
  inputs: RunInputs = {},
): Promise<Uint32Array[]> {
  const whole = tinyConfig({ controlnet: { useControlnet: false }, ...config });
  await using run = await createRun(whole, { gpu, pool, image: DISC, ...inputs });
  const indices = [(await run.picture()).indices];
  for await (const _ of distill(run)) indices.push((await run.picture()).indices);
  return indices;
}

for (const [kind, part] of Object.entries(KINDS)) {
  gpuTest(`${kind} under rules: the picture obeys them after each step`, async (gpu) => {
    await using pool = new SessionPool();
    const constraint = { symmetry: "xy", maxColors: 2, excludeColors: ["0"] } as const;
    const [move] = movesOf("x", SIZE);
    const pictures = await indicesOf(gpu, pool, { ...part, constraint });
    assert(pictures.length > 2);
    for (const indices of pictures) {
      assert.deepEqual(indices.map((_, i) => indices[move![i]!]!), indices);
      const used = new Set(indices);
      assert(used.size <= 2 && !used.has(0), [...used].join());
    }
  });

  gpuTest(`${kind} with kept pixels: they stay, and others change`, async (gpu) => {
    await using pool = new SessionPool();
    // The left half of the input image stays, and two pixels of the right half are given.
    const mask = Image.filled(SIZE, [255, 255, 255]);
    for (let i = 0; i < 64; i++) if (i % 8 < 4) mask.data.fill(0, i * 4, i * 4 + 3);
    const keep = new Image(SIZE);
    for (const [pixel, k] of [[7, 3], [15, 0]] as const) {
      const rgb = COLORS[k]!;
      keep.data.set([rgb >> 16, (rgb >> 8) & 255, rgb & 255, 255], pixel * 4);
    }
    const constraint = { mask: "mask.png", keep: "keep.png" };
    const pictures = await indicesOf(gpu, pool, { ...part, constraint }, { mask, keep });
    const first = pictures[0]!;
    for (const indices of pictures) {
      assert.deepEqual([indices[7], indices[15]], [3, 0]);
      for (let i = 0; i < 64; i++) if (i % 8 < 4) assert.equal(indices[i], first[i]);
    }
    assert.notDeepEqual(pictures.at(-1), first);
  });
}

/** A sprite between transparent borders, three pixels at the left, two at the right. */
const SPRITE = Image.filled(SIZE, [155, 188, 15]);
for (let i = 0; i < 64; i++) {
  if (i % 8 < 3 || i % 8 >= 6) SPRITE.data[i * 4 + 3] = 0;
  if (i % 3 === 0) SPRITE.data.set([48, 98, 48], i * 4);
}

for (const [kind, part] of Object.entries(KINDS)) {
  gpuTest(`${kind} of a transparent picture: all rules and finishes hold`, async (gpu) => {
    await using pool = new SessionPool();
    const mask = Image.filled(SIZE, [255, 255, 255]);
    for (let i = 0; i < 64; i++) if (i >= 32) mask.data.fill(0, i * 4, i * 4 + 3);
    const generator = { transparent: true };
    const constraint = {
      symmetry: "x",
      tile: "xy",
      maxColors: 3,
      excludeColors: ["0"],
      mask: "mask.png",
    } as const;
    const finish = { dither: "bayer2", outline: "auto" } as const;
    const inputs = { image: SPRITE, mask };
    const [move] = movesOf("x", SIZE);
    const pictures = await indicesOf(gpu, pool, { ...part, generator, constraint, finish }, inputs);
    const first = pictures[0]!;
    // A transparent pixel and its opaque mirror image become one of both.
    assert(first.includes(4) && first.some((k) => k < 4));
    for (const indices of pictures) {
      assert.deepEqual(indices.map((_, i) => indices[move![i]!]!), indices);
      assert.deepEqual(indices.subarray(32), first.subarray(32), "kept, the transparent ones too");
      const used = new Set(indices);
      used.delete(4);
      assert(used.size <= 3 && !used.has(0), [...used].join());
    }
  });
}

gpuTest(
  "a sample of the teacher becomes a picture that obeys rules, without any step",
  async (gpu) => {
    const constraint = { symmetry: "y", maxColors: 2, excludeColors: ["3"] } as const;
    const config = tinyConfig({ constraint, training: { steps: 0 } });
    await using run = await createRun(config, { gpu });
    assert.equal(run.steps, 0);
    const { indices } = await run.picture();
    const [move] = movesOf("y", SIZE);
    assert.deepEqual(indices.map((_, i) => indices[move![i]!]!), indices);
    const used = new Set(indices);
    assert(used.size <= 2 && !used.has(3), [...used].join());
  },
);

gpuTest("importance weighs the steps of distillation", async (gpu) => {
  await using pool = new SessionPool();
  const importance = Image.filled(SIZE, [255, 255, 255]);
  for (let i = 0; i < 64; i++) if (i % 8 < 4) importance.data.fill(0, i * 4, i * 4 + 3);
  const config = tinyConfig({
    controlnet: { useControlnet: false },
    training: { steps: 1, learningRate: 1 },
    constraint: { importance: "map.png" },
  });
  await using run = await createRun(config, { gpu, pool, image: DISC, importance });
  const { logits: before } = await run.checkpoint();
  await run.makeStep();
  const { logits: after } = await run.checkpoint();
  const change = [0, 0];
  for (const [j, value] of after.entries()) {
    change[Math.floor(j / 4) % 8 < 4 ? 0 : 1]! += Math.abs(value - before[j]!);
  }
  const ratio = change[0]! / change[1]!;
  // AdamW makes steps of about the same size everywhere.
  assert(ratio > 0.5 / 255 && ratio < 2 / 255, `${ratio}`);
});

gpuTest("an interrupted run keeps the pixels of its first picture when it resumes", async (gpu) => {
  await using pool = new SessionPool();
  const mask = Image.filled(SIZE, [255, 255, 255]);
  for (let i = 0; i < 64; i++) if (i < 32) mask.data.fill(0, i * 4, i * 4 + 3);
  const part = { ...KINDS["both"], constraint: { mask: "mask.png", symmetry: "x" } } as const;
  const whole = await indicesOf(gpu, pool, part, { mask });
  const config = tinyConfig({ controlnet: { useControlnet: false }, ...part });
  for (const stop of [1, 3]) {
    await using run = await createRun(config, { gpu, pool, image: DISC, mask });
    for (let step = 0; step < stop; step++) await run.makeStep();
    const checkpoint = decodeCheckpoint(encodeCheckpoint(await run.checkpoint()), "test");
    const rest = await indicesOf(gpu, pool, part, { mask, checkpoint });
    assert.deepEqual(rest.at(-1), whole.at(-1));
  }
});

gpuTest("without a strength, what is not kept is painted nearly anew", async (gpu) => {
  await using pool = new SessionPool();
  const mask = Image.filled(SIZE, [255, 255, 255]);
  const constraint = { mask: "mask.png" };
  const diffusion = { strength: null, strengths: [0.2], editSteps: 10 };
  const part = { diffusion, training: { steps: 0 } } as const;
  const chosen = await indicesOf(gpu, pool, part);
  const anew = await indicesOf(gpu, pool, { ...part, constraint }, { mask });
  assert.deepEqual([chosen.length - 1, anew.length - 1], [2, 9]);
});

gpuTest("rules that cannot be obeyed are refused before anything is loaded", async (gpu) => {
  const stages: string[] = [];
  const refuses = async (part: PartialConfig, inputs: RunInputs, message: RegExp) => {
    const onStage = (stage: string) => void stages.push(stage);
    await assert.rejects(createRun(tinyConfig(part), { gpu, onStage, ...inputs }), message);
  };
  const mask = Image.filled(SIZE, [255, 255, 255]);
  const big = Image.filled({ height: 9, width: 8 }, [15, 56, 15]);
  const keep = { constraint: { keep: "keep.png" } };
  await refuses({ constraint: { mask: "mask.png" } }, { mask }, /mask without an input image/);
  await refuses({ constraint: { mask: "mask.png" } }, {}, /the decoded mask "mask.png"/);
  await refuses(keep, { keep: big }, /an image of 8x8, got 9x8/);
  await refuses(keep, { keep: mask }, /row 0, column 0: its color #ffffff is not in the palette/);
  await refuses({ constraint: { excludeColors: ["red"] } }, {}, /Cannot find the color "red"/);
  await refuses({ constraint: { lockColors: ["4"] } }, {}, /or an index below 4/);
  await refuses(
    { constraint: { symmetry: "rotate4" }, generator: { imageH: 8, imageW: 16 } },
    {},
    /expected a square, got 8x16/,
  );
  await refuses(
    { constraint: { lockColors: ["1"] }, generator: { initializationMethod: "kmeans" } },
    {},
    /it is made from the image/,
  );
  assert.deepEqual(stages, []);
});
