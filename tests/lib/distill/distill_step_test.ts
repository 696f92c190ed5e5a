import assert from "node:assert/strict";
import { resolveRunConfig } from "../../../config/resolve_run_config.ts";
import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { Augmenter } from "../../../lib/augment/augmenter.ts";
import { makeStep, type StepOutcome, type StepParts } from "../../../lib/distill/distill_step.ts";
import { createPictureLosses } from "../../../lib/distill/picture_losses.ts";
import { PixelGenerator } from "../../../lib/generator/pixel_generator.ts";
import type { Denoiser } from "../../../lib/guidance/denoiser.ts";
import type { NoiseSchedule } from "../../../lib/guidance/noise_schedule.ts";
import type { ScoreDistillation } from "../../../lib/guidance/score_distillation.ts";
import { AdamW } from "../../../lib/optimizer/adamw.ts";
import { Palette } from "../../../lib/palette/palette.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";
import { gpuTest } from "../../support/gpu_test.ts";

const SIZE = { height: 4, width: 6 };
const PALETTE = new Palette("three", Uint8Array.of(0, 0, 0, 255, 102, 0, 51, 153, 255));
const COUNT = PALETTE.size;
const LOGITS = Float32Array.from({ length: 24 * COUNT }, (_, i) => Math.sin(i * 1.7));
/** Gradient of the teacher's image, [1, 3, 4, 6]: large enough to be clipped. */
const GRAD_SEEN = Float32Array.from({ length: 72 }, (_, i) => 3 * Math.cos(i * 0.9));
const NO_TARGET = { image: undefined, teacherSize: SIZE };
const TAU = 0.8;
const FFT_SCALE = 20;
const LEARNING_RATE = 0.025;
const CONFIG = resolveRunConfig({
  prompt: "a cat",
  generator: { gumbel: false, tau: TAU },
  training: {
    steps: 10,
    fftScale: FFT_SCALE,
    learningRate: LEARNING_RATE,
    lrScheduler: "constant_with_warmup",
    lrWarmupSteps: 4,
    augmentation: { grayscaleProb: 0, hflipProb: 0, distorsionProb: 0 },
  },
});

/** All parts of a step, with a teacher that always returns the same gradient. */
function createParts(gpu: Gpu, answer: Float32Array, stack: DisposableStack): StepParts {
  const generator = stack.use(
    new PixelGenerator(gpu, { palette: PALETTE, size: SIZE, logits: LOGITS }),
  );
  const distillation = {
    step() {
      const gradImage = GpuTensor.from(gpu, answer, [1, 3, SIZE.height, SIZE.width], "answer");
      return Promise.resolve({ gradImage, readLoss: () => Promise.resolve(7) });
    },
  };
  return {
    gpu,
    config: CONFIG,
    schedule: { size: 1000 } as NoiseSchedule,
    denoiser: { isControlled: () => false } as unknown as Denoiser,
    distillation: distillation as unknown as ScoreDistillation,
    teacherSize: SIZE,
    generator,
    augmenter: stack.use(
      new Augmenter(gpu, { imageSize: SIZE, teacherSize: SIZE, resizeMode: "bilinear" }),
    ),
    losses: createPictureLosses(gpu, { size: SIZE, target: NO_TARGET }, CONFIG.training)
      .map((loss) => stack.use(loss)),
    classLosses: [],
    control: undefined,
    optimizer: stack.use(new AdamW(gpu, generator.logits, CONFIG.training)),
    gradNorm: stack.use(GpuTensor.zeros(gpu, [1], "norm")),
  };
}

/** Mixes palette colors by softmax of logits over tau, in float64: [H, W, 3]. */
function render(logits: ArrayLike<number>): number[] {
  const colors = Array.from(PALETTE.colors, (value) => value / 255);
  return Array.from({ length: 24 }, (_, pixel) => {
    const weights = Array.from(
      { length: COUNT },
      (_, k) => Math.exp(logits[pixel * COUNT + k]! / TAU),
    );
    const sum = weights.reduce((a, b) => a + b);
    return [0, 1, 2].map((c) =>
      weights.reduce((color, weight, k) => color + weight / sum * colors[k * 3 + c]!, 0)
    );
  }).flat();
}

/** SD-piXL's FFT loss: mean of |F| at least min(H, W) / (4 sqrt 2) away from the center. */
function fftLoss(image: readonly number[]): number {
  const { height, width } = SIZE;
  const radius = Math.min(height, width) / (4 * Math.SQRT2);
  let [sum, count] = [0, 0];
  for (let v = 0; v < height; v++) {
    for (let u = 0; u < width; u++) {
      // Shifted so that frequency 0 is at the center.
      const [fy, fx] = [v - Math.floor(height / 2), u - Math.floor(width / 2)];
      if (Math.hypot(v - height / 2, u - width / 2) < radius) continue;
      count += 3;
      for (let c = 0; c < 3; c++) {
        let [real, imaginary] = [0, 0];
        for (let y = 0; y < height; y++) {
          for (let x = 0; x < width; x++) {
            const angle = -2 * Math.PI * (fy * y / height + fx * x / width);
            const value = image[(y * width + x) * 3 + c]!;
            real += value * Math.cos(angle);
            imaginary += value * Math.sin(angle);
          }
        }
        sum += Math.hypot(real, imaginary);
      }
    }
  }
  return sum / (count + 1e-8);
}

/** SD-piXL's total loss: <image, teacher's gradient> + scale · FFT. */
function loss(logits: ArrayLike<number>): number {
  const image = render(logits);
  const score = image.reduce(
    (sum, value, i) => sum + value * GRAD_SEEN[(i % 3) * 24 + Math.floor(i / 3)]!,
    0,
  );
  return score + FFT_SCALE * fftLoss(image);
}

/** Two steps of AdamW on that loss, with clipped gradients, centered after each, in float64. */
function expectedLogits(steps: number): number[] {
  const logits = Array.from(LOGITS);
  const [first, second] = [logits.map(() => 0), logits.map(() => 0)];
  for (let step = 1; step <= steps; step++) {
    const grad = logits.map((value, i) => {
      const moved = (by: number) => loss(logits.with(i, value + by));
      return (moved(1e-5) - moved(-1e-5)) / 2e-5;
    });
    const norm = Math.hypot(...grad);
    const coefficient = Math.min(1, 1 / (norm + 1e-6));
    const rate = LEARNING_RATE * (step - 1) / 4;
    for (let i = 0; i < logits.length; i++) {
      const g = grad[i]! * coefficient;
      first[i] = 0.9 * first[i]! + 0.1 * g;
      second[i] = 0.999 * second[i]! + 0.001 * g * g;
      const root = Math.sqrt(second[i]! / (1 - 0.999 ** step)) + 1e-8;
      logits[i] = logits[i]! * (1 - rate * 0.01) - rate * first[i]! / (1 - 0.9 ** step) / root;
    }
    for (let i = 0; i < logits.length; i += COUNT) {
      const mean = logits.slice(i, i + COUNT).reduce((a, b) => a + b) / COUNT;
      for (let k = 0; k < COUNT; k++) logits[i + k]! -= mean;
    }
  }
  return logits;
}

gpuTest("makeStep() updates the logits as the published loop", async (gpu) => {
  using stack = new DisposableStack();
  const parts = createParts(gpu, GRAD_SEEN, stack);
  const first = await makeStep(parts, 1);
  assert.equal(first.learningRate, 0);
  assert.equal(first.losses["score"], 7);
  assertAllClose([first.losses["fft"]!], [FFT_SCALE * fftLoss(render(LOGITS))], { rtol: 1e-5 });
  assert(first.gradNorm > 1 && first.isApplied);
  for (let step = 2; step <= 4; step++) await makeStep(parts, step);
  assertAllClose(await parts.generator.logits.read(), expectedLogits(4), { atol: 2e-5 });
});

for (const bad of [NaN, Infinity, -Infinity]) {
  gpuTest(`makeStep() does not change the picture if the gradient is ${bad}`, async (gpu) => {
    using stack = new DisposableStack();
    const parts = createParts(gpu, GRAD_SEEN.map((value, i) => i === 5 ? bad : value), stack);
    const { isApplied } = await makeStep(parts, 2);
    assert.equal(isApplied, false);
    assert.deepEqual(await parts.generator.logits.read(), LOGITS);
    assert.equal(parts.optimizer.step, 0);
  });
}

gpuTest("makeStep() gives AdamW the mean of accumulated gradients", async (gpu) => {
  using stack = new DisposableStack();
  const answers = [-0.5, 3, 0.5].map((factor) => GRAD_SEEN.map((value, i) => value * factor + i));
  const sum = GRAD_SEEN.map((_, i) => answers.reduce((total, answer) => total + answer[i]!, 0));
  const [several, one] = [answers, [sum.map((value) => value / 3)]].map((list) => {
    const parts = createParts(gpu, list[0]!, stack);
    const draws: { readonly step: number; readonly timestep: number }[] = [];
    const distillation = {
      step(_: GpuTensor, { step, timestep }: { readonly step: number; readonly timestep: number }) {
        const answer = list[draws.length % list.length]!;
        const shape = [1, 3, SIZE.height, SIZE.width];
        draws.push({ step, timestep });
        const loss = draws.length;
        const gradImage = GpuTensor.from(gpu, answer, shape, "answer");
        return Promise.resolve({ gradImage, readLoss: () => Promise.resolve(loss) });
      },
    } as unknown as ScoreDistillation;
    const training = { ...CONFIG.training, gradientAccumulationSteps: list.length };
    return { parts: { ...parts, distillation, config: { ...CONFIG, training } }, draws };
  });
  const outcomes = [];
  for (const step of [3, 4]) {
    outcomes.push([await makeStep(several!.parts, step), await makeStep(one!.parts, step)]);
  }
  const [[meanOfThree, alone]] = outcomes as [[StepOutcome, StepOutcome]];
  assert.equal(meanOfThree.losses["score"], 2);
  assertAllClose([meanOfThree.losses["fft"]!], [alone.losses["fft"]!], { rtol: 1e-6 });
  assertAllClose([meanOfThree.gradNorm], [alone.gradNorm], { rtol: 1e-5 });
  const { logits } = several!.parts.generator;
  assertAllClose(await logits.read(), await one!.parts.generator.logits.read(), { atol: 1e-5 });
  assert.equal(several!.parts.optimizer.step, 2);
  const { draws } = several!;
  assert.equal(new Set(draws.map(({ step }) => step)).size, 6, "each pass has its own draws");
  assert.equal(new Set(draws.map(({ timestep }) => timestep)).size, 6);
  assert.equal(meanOfThree.timestep, draws[2]!.timestep);
  assert.deepEqual(one!.draws.map(({ step }) => step), [3, 4], "as without accumulation");
});

gpuTest("makeStep() drops a step if one accumulated gradient is not finite", async (gpu) => {
  using stack = new DisposableStack();
  const parts = createParts(gpu, GRAD_SEEN, stack);
  const training = { ...CONFIG.training, gradientAccumulationSteps: 2 };
  const bad = GRAD_SEEN.map((value, i) => i === 5 ? NaN : value);
  let asked = 0;
  const distillation = {
    step() {
      const answer = asked++ === 0 ? bad : GRAD_SEEN;
      const gradImage = GpuTensor.from(gpu, answer, [1, 3, SIZE.height, SIZE.width], "answer");
      return Promise.resolve({ gradImage, readLoss: () => Promise.resolve(7) });
    },
  } as unknown as ScoreDistillation;
  const { isApplied } = await makeStep(
    { ...parts, distillation, config: { ...CONFIG, training } },
    2,
  );
  assert.deepEqual([isApplied, asked], [false, 2]);
  assert.deepEqual(await parts.generator.logits.read(), LOGITS);
});
