import assert from "node:assert/strict";
import { resolveRunConfig } from "../../../config/resolve_run_config.ts";
import type { TrainingConfig } from "../../../config/run_config.ts";
import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { decodeCheckpoint } from "../../../lib/run/decode_checkpoint.ts";
import { encodeCheckpoint } from "../../../lib/run/checkpoint.ts";
import { createRun } from "../../../lib/distill/create_run.ts";
import { createPictureLosses } from "../../../lib/distill/picture_losses.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";
import { gpuTest } from "../../support/gpu_test.ts";
import { noiseImage } from "../../support/noise.ts";
import { discImage, tinyConfig } from "./tiny_run.ts";

const SIZE = { height: 8, width: 10 };
const TARGET = {
  image: discImage({ height: 24, width: 30 }),
  teacherSize: { height: 16, width: 20 },
};

type Scales = Partial<Record<Extract<keyof TrainingConfig, `${string}Scale`>, number>>;

/** Computes the losses of a picture, and their gradient, added to a gradient of twos. */
async function run(gpu: Gpu, training: Scales, target: Parameters<typeof createPictureLosses>[1]) {
  using stack = new DisposableStack();
  const config = resolveRunConfig({ training: { fftScale: 0, ...training } });
  const losses = createPictureLosses(gpu, target, config.training);
  for (const loss of losses) stack.use(loss);
  const { data, shape } = noiseImage(SIZE.height, SIZE.width);
  const image = stack.use(GpuTensor.from(gpu, data, shape, "image"));
  const twos = new Float32Array(data.length).fill(2);
  const gradImage = stack.use(GpuTensor.from(gpu, twos, shape, "grad_image"));
  gpu.submit((pass) => losses.forEach((loss) => loss.encode(pass, { image, gradImage })));
  const values = await Promise.all(losses.map((loss) => loss.read()));
  return {
    losses: Object.fromEntries(losses.map(({ name }, i) => [name, values[i]!])),
    gradient: (await gradImage.read()).map((value) => value - 2),
  };
}

gpuTest(
  "createPictureLosses() creates losses with a factor above 0, in a fixed order",
  async (gpu) => {
    const all = {
      bilateralScale: 1,
      gradientLossScale: 1,
      laplacianScale: 1,
      tvScale: 1,
      fftScale: 1,
    };
    const target = { size: SIZE, target: TARGET };
    assert.deepEqual((await run(gpu, {}, target)).losses, {});
    const { losses } = await run(gpu, all, target);
    assert.deepEqual(Object.keys(losses), ["fft", "tv", "laplacian", "gradient", "bilateral"]);
    const without = { size: SIZE, target: { ...TARGET, image: undefined } };
    const { losses: rest } = await run(gpu, all, without);
    assert.deepEqual(Object.keys(rest), ["fft", "tv", "laplacian", "bilateral"]);
  },
);

gpuTest("a picture loss and its gradient are multiplied by its factor", async (gpu) => {
  const target = { size: SIZE, target: TARGET };
  const sum = { loss: 0, gradient: new Float32Array(3 * SIZE.height * SIZE.width) };
  const scales = { tvScale: 3, laplacianScale: 5, gradientLossScale: 0.5, bilateralScale: 7 };
  for (const [key, scale] of Object.entries(scales)) {
    const one = await run(gpu, { [key]: 1 }, target);
    const scaled = await run(gpu, { [key]: scale }, target);
    const [loss] = Object.values(one.losses);
    assert(loss! > 0 && one.gradient.some((value) => Math.abs(value) > 1e-5), key);
    assertAllClose(Object.values(scaled.losses), [scale * loss!], { rtol: 1e-6 });
    // Adding and subtracting 2 costs float32 some digits.
    assertAllClose(scaled.gradient, one.gradient.map((value) => scale * value), { atol: 1e-5 });
    sum.loss += scale * loss!;
    sum.gradient = sum.gradient.map((value, i) => value + scaled.gradient[i]!);
  }
  const together = await run(gpu, scales, target);
  const loss = Object.values(together.losses).reduce((a, b) => a + b);
  assertAllClose([loss], [sum.loss], { rtol: 1e-6 });
  assertAllClose(together.gradient, sum.gradient, { atol: 1e-5 });
});

gpuTest(
  "the gradient loss compares with the sampled image, also in a resumed run",
  async (gpu) => {
    const config = tinyConfig({
      generator: { palette: "1-bit" },
      training: { steps: 2, gradientLossScale: 100 },
    });
    await using straight = await createRun(config, { gpu });
    const { losses } = await straight.makeStep();
    assert(losses["gradient"]! > 0);
    const bytes = encodeCheckpoint(await straight.checkpoint());
    const last = await straight.makeStep();
    const stages: string[] = [];
    await using resumed = await createRun(config, {
      gpu,
      checkpoint: decodeCheckpoint(bytes, "step 1"),
      onStage: (stage) => stages.push(stage),
    });
    assert.deepEqual([stages, resumed.step], [["load", "sample"], 1]);
    assert.deepEqual((await resumed.makeStep()).losses, last.losses);
    assert.deepEqual(await resumed.picture(), await straight.picture());
  },
);

gpuTest("a note says that a gradient loss without an image has no effect", async (gpu) => {
  const notes: string[] = [];
  const config = tinyConfig({
    generator: { initializeRenderer: false },
    training: { gradientLossScale: 1 },
  });
  await using run = await createRun(config, { gpu, onNote: (note) => notes.push(note) });
  assert.deepEqual(notes, [
    '"training.gradient_loss_scale" has no effect: there is no image to compare edges with',
  ]);
  assert.deepEqual(Object.keys((await run.makeStep()).losses), ["score", "fft"]);
});
