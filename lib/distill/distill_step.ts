import type { RunConfig } from "../../config/run_config.ts";
import type { Gpu } from "../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../kernels/gpu/tensor.ts";
import { encodeAddScaled } from "../../kernels/optimizer/add_scaled.ts";
import { encodeGradNorm } from "../../kernels/optimizer/grad_norm.ts";
import { RANDOM_STREAMS } from "../../kernels/random/streams.ts";
import type { Augmenter } from "../augment/augmenter.ts";
import { drawAugmentation } from "../augment/draw_augmentation.ts";
import type { PixelGenerator } from "../generator/pixel_generator.ts";
import type { Denoiser } from "../guidance/denoiser.ts";
import type { NoiseSchedule } from "../guidance/noise_schedule.ts";
import type { ScoreDistillation } from "../guidance/score_distillation.ts";
import { drawTimestep } from "../guidance/timestep_sampling.ts";
import type { ImageSize } from "../image/image.ts";
import type { AdamW } from "../optimizer/adamw.ts";
import { learningRateAt } from "../optimizer/learning_rate.ts";
import type { ScaledClassLoss } from "./class_losses.ts";
import type { AugmentedControlImages } from "./control_images.ts";
import type { StepMetrics, StepReport } from "../run/step_report.ts";
import type { PictureLoss } from "./picture_losses.ts";

/** Parts of a run that a step uses; borrowed. */
export interface StepParts {
  readonly gpu: Gpu;
  readonly config: RunConfig;
  readonly schedule: NoiseSchedule;
  readonly denoiser: Denoiser;
  readonly distillation: ScoreDistillation;
  readonly teacherSize: ImageSize;
  readonly generator: PixelGenerator;
  readonly augmenter: Augmenter;
  /** Losses of the image besides the teacher's. */
  readonly losses: readonly PictureLoss[];
  /** Losses of the class probabilities. */
  readonly classLosses: readonly ScaledClassLoss[];
  /** Input images of the ControlNets in use. */
  readonly control: AugmentedControlImages | undefined;
  readonly optimizer: AdamW;
  /** Takes the norm of the gradient, shape [1]. */
  readonly gradNorm: GpuTensor;
}

/** The part of a step's report that does not depend on the run. */
export type StepOutcome = Omit<
  StepReport,
  keyof Omit<StepMetrics, "stage" | "losses" | "learningRate" | "timestep"> | "image"
>;

/**
 * Distance between the random draws of the teacher calls of one step. It is larger than the max
 * number of steps, so that no two calls use the same random numbers.
 */
const DRAW_STRIDE = 2 ** 20;

/**
 * Makes one optimizer step. It depends only on the logits, the optimizer state and the step number.
 *
 * The picture, mixed with Gumbel noise, is enlarged and augmented. The gradients of the teacher and
 * of the other losses flow back to the logits, which AdamW updates with a clipped gradient. With
 * `training.gradientAccumulationSteps` above 1 there are several such passes with other random
 * numbers, and AdamW gets the mean gradient.
 *
 * Source: Binninger & Sorkine-Hornung 2024, https://arxiv.org/abs/2410.06236, Section 3.
 *
 * @param step Number of the step, from 1.
 */
export async function makeStep(parts: StepParts, step: number): Promise<StepOutcome> {
  const { gpu, generator, optimizer } = parts;
  const { training } = parts.config;
  const count = training.gradientAccumulationSteps;
  using mean = count === 1
    ? undefined
    : GpuTensor.zeros(gpu, generator.gradLogits.shape, "mean of gradients");
  const grad = mean ?? generator.gradLogits;
  const passes: GradientPass[] = [];
  for (let i = 0; i < count; i++) {
    const draw = step + i * DRAW_STRIDE;
    passes.push(await computeGradient(parts, { step, draw, grad, weight: 1 / count }));
  }
  const learningRate = learningRateAt(training, step);
  const { gradNorm, timestep } = passes.at(-1)!;
  const isApplied = [gradNorm, ...passes.map(({ losses }) => losses["score"])]
    .every(Number.isFinite);
  if (isApplied) {
    gpu.submit((pass) => {
      optimizer.encode(pass, { grad, norm: parts.gradNorm }, { learningRate });
      generator.centerLogits(pass);
    });
  }
  const losses = meanLosses(passes);
  return { stage: "distill", losses, gradNorm, isApplied, learningRate, timestep };
}

/** Result of one pass through the teacher and back. */
interface GradientPass {
  readonly losses: Readonly<Record<string, number>>;
  /** Norm of the gradient accumulated so far. */
  readonly gradNorm: number;
  readonly timestep: number;
}

function meanLosses(passes: readonly GradientPass[]): Record<string, number> {
  const names = Object.keys(passes[0]!.losses);
  const mean = (name: string) =>
    passes.reduce((sum, { losses }) => sum + losses[name]!, 0) / passes.length;
  return Object.fromEntries(names.map((name) => [name, mean(name)]));
}

/** Options of {@linkcode computeGradient}. */
interface GradientPassOptions {
  /** Number of the step, from 1. */
  readonly step: number;
  /** Number of the random draws of the pass. */
  readonly draw: number;
  /** The generator's gradient, or the tensor that accumulates it. */
  readonly grad: GpuTensor;
  /** Weight of the pass in `grad`, if that accumulates. */
  readonly weight: number;
}

/** Computes the gradient of the logits by one teacher call and the other losses. */
async function computeGradient(
  parts: StepParts,
  { step, draw, grad, weight }: GradientPassOptions,
): Promise<GradientPass> {
  const { gpu, generator, gradNorm: norm } = parts;
  const losses = [...parts.losses, ...parts.classLosses];
  const { seed, sd, training } = parts.config;
  const { steps } = training;
  const timestep = drawTimestep(sd, { seed, step, steps, draw, timesteps: parts.schedule.size });
  const score = await callTeacher(parts, { draw, timestep });
  using gradAugmented = score.gradImage;
  recordBackward(parts, gradAugmented);
  gpu.submit((pass) => {
    const { gradLogits } = generator;
    if (grad !== gradLogits) encodeAddScaled(pass, { x: gradLogits, y: grad }, { scale: weight });
    encodeGradNorm(pass, { grad, norm });
  });
  // Read together: a readback may have to wait, see `Readback`.
  const [[gradNorm], scoreLoss, ...values] = await Promise.all([
    norm.read(),
    score.readLoss(),
    ...losses.map((loss) => loss.read()),
  ]);
  const named = losses.map(({ name }, i) => [name, values[i]!]);
  return {
    losses: { score: scoreLoss, ...Object.fromEntries(named) },
    gradNorm: gradNorm!,
    timestep,
  };
}

/** Augments the picture, and gets its loss and gradient from the teacher. */
async function callTeacher(
  parts: StepParts,
  { draw, timestep }: { readonly draw: number; readonly timestep: number },
) {
  const { gpu, generator, augmenter, teacherSize, denoiser } = parts;
  const { seed, generator: config, training, constraint: { tile } } = parts.config;
  const augmentation = drawAugmentation(training.augmentation, {
    seed,
    step: draw,
    tau: config.tau,
    size: teacherSize,
    tile,
  });
  const control = denoiser.isControlled(timestep) ? parts.control : undefined;
  let augmented: GpuTensor;
  gpu.submit((pass) => {
    generator.forward(pass, {
      tau: config.gumbel ? augmentation.tau : config.tau,
      gumbelNoise: config.gumbel ? { seed, stream: RANDOM_STREAMS.gumbel, step: draw } : undefined,
      smooth: config.smoothSoftmax,
    });
    augmented = augmenter.forward(pass, generator.image, augmentation);
    control?.encode(pass, augmenter, augmentation);
  });
  const options = { step: draw, timestep, control: control?.augmented };
  return await parts.distillation.step(augmented!, options);
}

/** Records the backward from the augmented image to the logits, with the other losses. */
function recordBackward(parts: StepParts, gradAugmented: GpuTensor): void {
  const { gpu, generator, augmenter, losses, classLosses } = parts;
  gpu.submit((pass) => {
    const gradImage = augmenter.backward(pass, gradAugmented);
    for (const loss of losses) loss.encode(pass, { image: generator.image, gradImage });
    generator.backward(pass, gradImage, classLosses);
  });
}
