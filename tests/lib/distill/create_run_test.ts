import assert from "node:assert/strict";
import { createRun } from "../../../lib/distill/create_run.ts";
import type { RunInputs } from "../../../lib/distill/run_inputs.ts";
import { distill } from "../../../lib/distill/distill.ts";
import type { MemoryPlan } from "../../../lib/distill/memory/memory_plan.ts";
import type { StepViews } from "../../../lib/distill/step_views.ts";
import type { StepReport } from "../../../lib/run/step_report.ts";
import { Image } from "../../../lib/image/image.ts";
import { imageFromPlanes } from "../../../lib/image/image_planes.ts";
import { buildTinyDecoder } from "../../../lib/models/autoencoder/autoencoder_tiny.ts";
import { ModelConfig } from "../../../lib/models/model_config.ts";
import { parseAutoencoderTinyConfig } from "../../../lib/models/autoencoder/autoencoder_tiny_config.ts";
import { SessionPool } from "../../../lib/onnx/batching/session_pool.ts";
import { BatchScheduler } from "../../../lib/onnx/batching/batch_scheduler.ts";
import { learningRateAt } from "../../../lib/optimizer/learning_rate.ts";
import { Palette } from "../../../lib/palette/palette.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";
import { gpuTest } from "../../support/gpu_test.ts";
import { goldenPath } from "../../support/goldens.ts";
import { openWeights, teacher } from "../models/agreement.ts";
import { runGraph } from "../onnx/run_graph.ts";
import { discImage, tinyConfig } from "./tiny_run.ts";

const DISC = discImage({ height: 40, width: 60 });

/** Collects the stages and notes of a run. */
function listener() {
  const [stages, notes]: [string[], string[]] = [[], []];
  const inputs: RunInputs = {
    onStage: (stage) => stages.push(stage),
    onNote: (note) => notes.push(note),
  };
  return { stages, notes, inputs };
}

gpuTest("a run from a prompt starts from a sample of the teacher", async (gpu) => {
  const { stages, notes, inputs } = listener();
  const config = tinyConfig({ generator: { imageH: 8, imageW: 16 }, seed: 5 });
  await using run = await createRun(config, { ...inputs, gpu });
  assert.deepEqual([stages, notes], [["load", "sample"], []]);
  assert.deepEqual(run.teacherSize, { height: 32, width: 64 });
  const { height, width } = run.startImage!;
  assert.deepEqual([height, width, run.controlImages], [32, 64, {}]);
  assert.deepEqual([run.step, run.teacherCalls, run.palette.name], [0, 2, "game-boy"]);
  const { softmax: before } = await run.picture();
  const reports: StepReport[] = [];
  for await (const report of distill(run)) reports.push(report);
  assert.deepEqual(reports.map(({ step, steps }) => [step, steps]), [[1, 2], [2, 2]]);
  assert.deepEqual(reports.map(({ teacherCalls }) => teacherCalls), [3, 4]);
  for (const { step, losses, gradNorm, learningRate, isApplied } of reports) {
    assert(losses["score"]! > 0 && losses["fft"]! > 0 && gradNorm > 0 && isApplied);
    assert.equal(learningRate, learningRateAt(config.training, step));
  }
  const image = await reports[1]!.image();
  assert.deepEqual([image.height, image.width], [8, 16]);
  const picture = await run.picture();
  assert.deepEqual(Image.fromIndices(run.size, picture.indices, run.palette.colors), image);
  assert.notDeepEqual(picture.softmax, before);
  assert(picture.softmax.every((value) => value >= 0 && value <= 1));
});

gpuTest("a run from an image uses its edges, and frees all memory", async (gpu) => {
  const lasting: number[] = [];
  for (let i = 0; i < 2; i++) {
    const { stages, notes, inputs } = listener();
    await using run = await createRun(tinyConfig(), { ...inputs, gpu, image: DISC });
    assert.deepEqual([stages, run.teacherCalls], [["load"], 0]);
    assert.equal(notes.length, 1);
    assert.match(notes[0]!, /^Transparent parts of the image become #[0-9a-f]{6}, the palette /);
    const { startImage, controlImages: { canny: controlImage } } = run;
    assert.deepEqual([startImage!.height, startImage!.isTransparent()], [64, false]);
    assert(controlImage!.data.some((value, at) => at % 4 < 3 && value === 255));
    lasting.push(gpu.resources.size);
    for await (const { losses } of distill(run)) assert(losses["score"]! > 0);
    assert.equal(gpu.resources.size, lasting[0]);
  }
  assert.equal(lasting[1], lasting[0]);
});

gpuTest("a run ends after the step in which it is stopped, and continues later", async (gpu) => {
  const config = tinyConfig({ training: { steps: 4 } });
  await using run = await createRun(config, { gpu, image: DISC });
  const stop = new AbortController();
  const steps: number[] = [];
  for await (const { step } of distill(run, { signal: stop.signal })) {
    steps.push(step);
    stop.abort();
  }
  assert.deepEqual([steps, run.step], [[1], 1]);
  assert.equal((await run.image()).height, 8);
  for await (const { step } of distill(run)) {
    steps.push(step);
    if (step === 3) break;
  }
  const pending = run.makeStep();
  await assert.rejects(run.makeStep(), {
    message: /^Cannot make a step: another step, score or gradient image is not done$/,
  });
  steps.push((await pending).step);
  assert.deepEqual(steps, [1, 2, 3, 4]);
});

gpuTest("a run shows the tensors of its last step, which changes nothing", async (gpu) => {
  const config = tinyConfig();
  const pictures: Float32Array[] = [];
  for (const looks of [true, false]) {
    await using run = await createRun(config, { gpu, image: DISC });
    await assert.rejects(run.stepViews(), {
      message: "Cannot read the tensors of a step: expected a step, got none",
    });
    for await (const { losses } of distill(run)) {
      if (!looks) continue;
      const { indices, mixture, augmented, gradLatents } = await run.stepViews();
      const { height, width } = augmented;
      assert.deepEqual([indices.length, mixture.length, height, width], [64, 192, 64, 64]);
      assert(new Set(augmented.data).size > 2);
      // The loss is half the squared norm of this gradient.
      const square = gradLatents.data.reduce((sum, value) => sum + value * value, 0);
      assertAllClose([square / 2 / losses["score"]!], [1]);
      const [entropy, { entropy: mean }] = [await run.entropy(), await run.statistics()];
      assertAllClose([entropy.reduce((sum, value) => sum + value, 0) / 64], [mean]);
    }
    pictures.push((await run.picture()).softmax);
  }
  assert.deepEqual(pictures[0], pictures[1]);
});

gpuTest("a run decodes the gradient of its last step by the teacher's autoencoder", async (gpu) => {
  const pictures: Float32Array[] = [];
  for (const looks of [true, false]) {
    const plans: MemoryPlan[] = [];
    const inputs = { gpu, image: DISC, decodesGradient: looks };
    await using run = await createRun(tinyConfig(), {
      ...inputs,
      onPlan: (plan) => plans.push(plan),
    });
    const decoders = plans[0]!.networks.filter(({ name }) => /decoder/i.test(name));
    assert.equal(decoders.length, looks ? 1 : 0);
    await assert.rejects(run.gradientImage(), {
      message: "Cannot read the tensors of a step: expected a step, got none",
    });
    for await (const _ of distill(run)) {
      if (!looks) continue;
      const decoding = run.gradientImage();
      await assert.rejects(run.makeStep(), { message: /^Cannot make a step: / });
      const image = await decoding;
      const { gradLatents } = await run.stepViews();
      assert.deepEqual(image, await decode(gradLatents));
      assert.equal(image.isTransparent(), false);
      assert(new Set(image.data).size > 2);
    }
    pictures.push((await run.picture()).softmax);
  }
  assert.deepEqual(pictures[0], pictures[1]);
});

/** Decodes latents by the autoencoder of the reference tensors, without a run. */
async function decode(latents: StepViews["gradLatents"]): Promise<Image> {
  const [, , height, width] = latents.shape;
  using weights = await openWeights("vae");
  const graph = buildTinyDecoder(
    weights,
    parseAutoencoderTinyConfig(await ModelConfig.open(teacher, "vae")),
    {
      batch: 1,
      height: height!,
      width: width!,
    },
  );
  const { image } = await runGraph(graph, { latents });
  return imageFromPlanes(image!.data as Float32Array, image!.shape);
}

gpuTest("canceled loading frees its memory", async (gpu) => {
  const stop = new AbortController();
  const reason = new DOMException("enough", "AbortError");
  const onStage = (stage: string) => stage === "sample" ? stop.abort(reason) : undefined;
  await assert.rejects(createRun(tinyConfig(), { gpu, signal: stop.signal, onStage }), {
    message: "enough",
  });
  await assert.rejects(createRun(tinyConfig(), { gpu, signal: AbortSignal.abort(reason) }), {
    message: "enough",
  });
});

/** Waits until a condition holds. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 0));
}

gpuTest("a run that is canceled while it loads does not fail others of its pool", async (gpu) => {
  await using pool = new SessionPool();
  const [canceled, other] = [new AbortController(), new AbortController()];
  const load = (controller: AbortController) =>
    createRun(tinyConfig(), { gpu, pool, signal: controller.signal });
  const runs = [load(canceled), load(other)] as const;
  await until(() => pool.size > 0);
  canceled.abort(new Error("stopped"));
  const [first, second] = await Promise.allSettled(runs);
  assert(first.status === "rejected");
  assert.match(String(first.reason), /^Error: stopped$/);
  assert(second.status === "fulfilled", String(second.status === "rejected" && second.reason));
  await second.value[Symbol.asyncDispose]();
});

gpuTest("a palette derived from the image replaces that of the config", async (gpu) => {
  const generator = { initializationMethod: "kmeans", kmeansNbColors: 3 } as const;
  await using run = await createRun(tinyConfig({ generator }), { gpu, image: DISC });
  assert.deepEqual([run.palette.name, run.palette.size], ["kmeans-3", 3]);
  for await (const _ of distill(run));
  const { palette, indices } = await run.picture();
  assert.equal(palette, run.palette);
  assert(indices.every((index) => index < 3));
  const nothing = { ...generator, initializeRenderer: false };
  await assert.rejects(createRun(tinyConfig({ generator: nothing }), { gpu }), {
    message: /^Cannot derive a palette by "kmeans": expected an input image, got none/,
  });
});

gpuTest(
  "a run starts from noise, needs one batch row, and says what has no effect",
  async (gpu) => {
    const { stages, notes, inputs } = listener();
    const config = tinyConfig({
      negativePrompt: "fog",
      generator: { initializeRenderer: false, smoothSoftmax: false },
      training: { steps: 1, fftScale: 0 },
      controlnet: { modelsId: ["./pose", "canny"], controlnetConditioningScale: [0.1, 0.2] },
      sd: { guidanceScale: 0 },
    });
    const palette = new Palette("own", Uint8Array.of(0, 0, 0, 255, 255, 255, 0, 0, 0));
    await using run = await createRun(config, { ...inputs, gpu, palette, image: DISC });
    for await (const { losses } of distill(run)) assert.deepEqual(Object.keys(losses), ["score"]);
    assert.deepEqual(stages, ["load"]);
    assert.deepEqual(notes, [
      'Palette "own" holds #000000 twice, as colors 1 and 3',
      '"negative_prompt" has no effect: guidance is off',
      'The ControlNet "./pose" has no effect: expected the kind "canny" or "depth", got "./pose"',
      "Transparent parts of the image become #000000, the palette color most unlike its border; " +
      "--background chooses another one",
    ]);
  },
);

gpuTest("createRun() refuses a batch slot without a pool", async (gpu) => {
  using slot = new BatchScheduler(1).acquire();
  await assert.rejects(
    createRun(tinyConfig(), { gpu, slot }),
    /^TypeError: Cannot create a run: expected a pool with the slot, got none$/,
  );
});

Deno.test("createRun() refuses what it cannot start from", async () => {
  await assert.rejects(createRun(tinyConfig({ prompt: " " })), {
    message: "Cannot create a run: expected a prompt or an image, got none",
  });
  await assert.rejects(createRun(tinyConfig({ image: "cat.png" })), {
    message: 'Cannot create a run: expected the decoded image "cat.png" as input, got none',
  });
  await assert.rejects(createRun(tinyConfig({ generator: { palette: "swetie-16" } })), {
    message: /^Cannot find palette "swetie-16"/,
  });
  await assert.rejects(createRun(tinyConfig({ diffusion: { modelId: "./tests" } })), {
    message: /^Cannot use ".*tests" as a teacher: .*check diffusion\.model_id/,
  });
});

gpuTest("a run takes an AutoencoderKL instead of the teacher's own", async (gpu) => {
  const scores: number[] = [];
  for (const vaeId of [null, goldenPath("tiny-sdxl/vae_kl")]) {
    const config = tinyConfig({ training: { steps: 1 }, diffusion: { vaeId } });
    // The teacher samples the start image, so the decoder is loaded too.
    await using run = await createRun(config, { gpu });
    assert(new Set(run.startImage!.data).size > 2);
    for await (const { losses, isApplied } of distill(run)) {
      assert(isApplied);
      scores.push(losses["score"]!);
    }
  }
  assert(scores.every((score) => score > 0) && scores[0] !== scores[1]);
});

gpuTest("ControlNets get depth and edges, each its own image", async (gpu) => {
  const controlnet = {
    modelsId: ["canny", "depth_mid"],
    controlnetConditioningScale: [0, 0.5],
    depthModelId: goldenPath("tiny-depth-anything"),
  };
  const score = async (scales: readonly number[]) => {
    const config = tinyConfig({
      training: { steps: 1 },
      controlnet: { ...controlnet, controlnetConditioningScale: scales },
    });
    await using run = await createRun(config, {
      gpu,
      image: DISC,
      onNote: (note) => assert.match(note, /^Transparent parts/),
    });
    let loss = NaN;
    for await (const { losses } of distill(run)) loss = losses["score"]!;
    return { loss, images: run.controlImages };
  };
  const [canny, depth, both] = [await score([1, 0]), await score([0, 1]), await score([1, 1])];
  assert.deepEqual(Object.keys(canny.images), ["canny"]);
  assert.deepEqual(Object.keys(depth.images), ["depth"]);
  assert.deepEqual(both.images, { ...canny.images, ...depth.images });
  // Edges are black or white; depth has grays.
  const grays = ({ data }: Image) => new Set(data.filter((_, i) => i % 4 === 0)).size;
  assert.equal(grays(canny.images["canny"]!), 2);
  assert(grays(depth.images["depth"]!) > 10);
  assert.equal(new Set([canny.loss, depth.loss, both.loss]).size, 3);
});

gpuTest("a run says that the depth estimator is missing", async (gpu) => {
  const config = tinyConfig({ controlnet: { modelsId: ["depth"], depthModelId: "./nowhere" } });
  await assert.rejects(createRun(config, { gpu, image: DISC }), /nowhere/);
});
