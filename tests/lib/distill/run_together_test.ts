import assert from "node:assert/strict";
import type { PartialConfig } from "../../../config/resolve_run_config.ts";
import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import { createRun } from "../../../lib/distill/create_run.ts";
import { distill } from "../../../lib/distill/distill.ts";
import type { Run } from "../../../lib/distill/run.ts";
import { batchSizes, runTogether, type SharedInputs } from "../../../lib/distill/run_together.ts";
import type { Image } from "../../../lib/image/image.ts";
import { SessionPool } from "../../../lib/onnx/batching/session_pool.ts";
import { defined } from "../../../lib/text/defined.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";
import { gpuTest } from "../../support/gpu_test.ts";
import { discImage, tinyConfig } from "./tiny_run.ts";

/** Inputs of a picture. */
interface Order {
  readonly part: PartialConfig;
  readonly image?: Image;
  /** The picture is given up after this step. */
  readonly failsAfter?: number;
}

/** Compared values of a picture. */
interface Made {
  readonly logits: Float32Array;
  readonly losses: readonly number[];
  readonly score: number;
  readonly steps: number;
}

async function make(
  { part, image, failsAfter }: Order,
  inputs: Partial<SharedInputs>,
): Promise<Made> {
  const config = tinyConfig({ ...part, training: { steps: 3, ...part.training } });
  await using run = await createRun(config, { ...inputs, ...defined({ image }) });
  const losses: number[] = [];
  for await (const { step, losses: { score } } of distill(run)) {
    losses.push(score!);
    if (step === failsAfter) throw new Error("given up");
  }
  return { ...await logitsOf(run), losses, score: await run.score(), steps: run.step };
}

async function logitsOf(run: Run): Promise<{ readonly logits: Float32Array }> {
  return { logits: (await run.checkpoint()).logits };
}

/** Asserts that batched pictures equal those of single runs. */
async function assertSame(
  gpu: Gpu,
  orders: readonly Order[],
  batch: number,
  options: { readonly alone?: readonly Order[]; readonly atol?: number } = {},
): Promise<void> {
  const { atol = 1e-4 } = options;
  const alone: Made[] = [];
  {
    await using pool = new SessionPool();
    for (const order of options.alone ?? orders) alone.push(await make(order, { gpu, pool }));
  }
  await using pool = new SessionPool();
  const together = await runTogether(orders, make, { gpu, pool, batch });
  assert.equal(together.length, orders.length);
  for (const [i, { logits, losses, score, steps }] of together.entries()) {
    const expected = alone[i]!;
    assert.equal(steps, expected.steps);
    assertAllClose(logits, expected.logits, { atol });
    assertAllClose(losses, expected.losses, { atol: 10 * atol, rtol: 10 * atol });
    assertAllClose([score], [expected.score], { atol });
  }
}

const PROMPTS: readonly Order[] = [
  { part: { seed: 1 } },
  { part: { seed: 2, prompt: "a blue castle" } },
  { part: { seed: 3, generator: { palette: "sweetie-16" } } },
];

gpuTest("runTogether() makes the pictures of single runs", async (gpu) => {
  await assertSame(gpu, PROMPTS, 3);
});

/** Pictures of an image with ControlNets. */
const CONTROLLED = [1, 2].map((seed): Order => {
  return { part: { seed, training: { steps: 2 } }, image: discImage({ height: 16, width: 16 }) };
});

gpuTest("runTogether() makes pictures of images with ControlNets", async (gpu) => {
  await assertSame(gpu, CONTROLLED, 2);
});

gpuTest("runTogether() makes on webgpu the pictures of single runs on wasm", async (gpu) => {
  const onGpu = CONTROLLED.map((order): Order => {
    return { ...order, part: { ...order.part, runtime: "webgpu" } };
  });
  await assertSame(gpu, onGpu, 2, { alone: CONTROLLED, atol: 1e-3 });
});

gpuTest("runTogether() makes pictures that start from the best of several samples", async (gpu) => {
  const methods = ["palette-kmeans", "kmeans", "nearest"] as const;
  const orders = methods.map((initializationMethod, seed): Order => ({
    part: {
      seed,
      generator: { initializationMethod },
      diffusion: { numReferences: seed + 2, numInferenceSteps: 1 },
    },
  }));
  // AdamW divides a gradient by its own size: where it is near 0, rounding moves a logit by more.
  await assertSame(gpu, orders, 3, { atol: 5e-4 });
});

gpuTest("runTogether() waits for no picture that ends early or takes longer", async (gpu) => {
  const orders = [1, 4, 2].map((steps, seed): Order => ({ part: { seed, training: { steps } } }));
  await assertSame(gpu, orders, 3);
});

gpuTest("runTogether() accepts runs that cannot share teacher calls", async (gpu) => {
  const orders: Order[] = [
    { part: { seed: 1 } },
    { part: { seed: 2, sd: { guidanceScale: 0 }, diffusion: { guidanceScale: 1 } } },
    { part: { seed: 3, generator: { imageH: 8, imageW: 16 } } },
  ];
  await assertSame(gpu, orders, 3);
});

gpuTest(
  "runTogether() finishes the others of a batch before it throws, and starts no more",
  async (gpu) => {
    await using pool = new SessionPool();
    const orders: Order[] = [
      { part: { seed: 1 } },
      { part: { seed: 2 }, failsAfter: 1 },
      { part: { seed: 3 } },
    ];
    const ended: number[] = [];
    const made = runTogether(orders, async (order, inputs) => {
      const result = await make(order, inputs);
      ended.push(Number(order.part.seed));
      return result;
    }, { gpu, pool, batch: 2 });
    await assert.rejects(made, /^Error: given up$/);
    assert.deepEqual(ended, [1]);
  },
);

gpuTest("runTogether() rejects if a run cannot be created", async (gpu) => {
  await using pool = new SessionPool();
  const orders: Order[] = [{ part: { seed: 1 } }, { part: { prompt: "" } }];
  const ended: Made[] = [];
  const made = runTogether(orders, async (order, inputs) => {
    ended.push(await make(order, inputs));
  }, { gpu, pool, batch: 2 });
  await assert.rejects(made, /expected a prompt or an image/);
  assert.deepEqual(ended.map(({ steps }) => steps), [3]);
});

gpuTest("a run of a batch can be used after the batch has ended", async (gpu) => {
  await using pool = new SessionPool();
  const runs = await runTogether([1, 2], async (seed, inputs) => {
    const run = await createRun(tinyConfig({ seed }), inputs);
    await run.makeStep();
    return run;
  }, { gpu, pool, batch: 2 });
  for (const run of runs) {
    await using ended = run;
    assert.equal((await ended.makeStep()).step, 2);
    assert(Number.isFinite(await ended.score()));
  }
});

gpuTest("runTogether() loads each network once for a batch", async (gpu) => {
  await using alone = new SessionPool();
  await make(PROMPTS[0]!, { gpu, pool: alone });
  await using pool = new SessionPool();
  await runTogether(PROMPTS, make, { gpu, pool, batch: 3 });
  assert.equal(pool.size, alone.size);
});

Deno.test("batchSizes() divides pictures evenly", () => {
  assert.deepEqual(batchSizes(5, 4), [3, 2]);
  assert.deepEqual(batchSizes(8, 4), [4, 4]);
  assert.deepEqual(batchSizes(3, 1), [1, 1, 1]);
  assert.deepEqual(batchSizes(2, 16), [2]);
  assert.deepEqual(batchSizes(0, 4), []);
  assert.throws(() => batchSizes(2, 0), /expected a batch size of 1 or more, got 0/);
});
