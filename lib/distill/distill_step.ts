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
import type { Control } from "./control_images.ts";
import type { StepMetrics, StepReport } from "../run/step_report.ts";
import type { PictureLoss } from "./picture_losses.ts";

/** What a step works with; all of it is borrowed. */
export interface StepParts {
  readonly gpu: Gpu;
  readonly config: RunConfig;
  readonly schedule: NoiseSchedule;
  readonly denoiser: Denoiser;
  readonly distillation: ScoreDistillation;
  readonly teacherSize: ImageSize;
  readonly generator: PixelGenerator;
  readonly augmenter: Augmenter;
  /** Losses besides the teacher's. */
  readonly losses: readonly PictureLoss[];
  /** The edges that ControlNets follow, if any act. */
  readonly control: Control | undefined;
  readonly optimizer: AdamW;
  /** Gets the norm of the gradient, shape [1]. */
  readonly gradNorm: GpuTensor;
}

/** The part of a step's report that does not depend on the run. */
export type StepOutcome = Omit<
  StepReport,
  keyof Omit<StepMetrics, "losses" | "learningRate" | "timestep"> | "image"
>;

/** Draws of the pictures of one step are this far apart: more than a run has steps. */
const DRAWS_APART = 2 ** 20;

/**
 * Makes one optimizer step; it depends on the logits, the optimizer and the number of the step only.
 *
 * The picture, mixed with Gumbel noise, is enlarged and changed at random; the teacher's gradient
 * and those of the other losses come back to the logits, which AdamW moves, limited in norm. With
 * `training.gradientAccumulationSteps` above 1 that is done so often, with other random numbers, and
 * AdamW gets the mean of the gradients.
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
  const judged: Judgment[] = [];
  for (let i = 0; i < count; i++) {
    judged.push(await judge(parts, { step, draw: step + i * DRAWS_APART, grad, share: 1 / count }));
  }
  const learningRate = learningRateAt(training, step);
  const { gradNorm, timestep } = judged.at(-1)!;
  const isApplied = [gradNorm, ...judged.map(({ losses }) => losses["score"])]
    .every(Number.isFinite);
  if (isApplied) {
    gpu.submit((pass) => {
      optimizer.encode(pass, { grad, norm: parts.gradNorm }, { learningRate });
      generator.centerLogits(pass);
    });
  }
  return { losses: meanLosses(judged), gradNorm, isApplied, learningRate, timestep };
}

/** What one picture of a step came to. */
interface Judgment {
  readonly losses: Readonly<Record<string, number>>;
  /** Norm of the gradient up to now. */
  readonly gradNorm: number;
  readonly timestep: number;
}

function meanLosses(judged: readonly Judgment[]): Record<string, number> {
  const names = Object.keys(judged[0]!.losses);
  const mean = (name: string) =>
    judged.reduce((sum, { losses }) => sum + losses[name]!, 0) / judged.length;
  return Object.fromEntries(names.map((name) => [name, mean(name)]));
}

/** Where a picture of a step stands, and where its gradient goes. */
interface JudgeOptions {
  /** Number of the step, from 1. */
  readonly step: number;
  /** Number of its random draws. */
  readonly draw: number;
  /** The generator's gradient, or what gets a share of it. */
  readonly grad: GpuTensor;
  /** The share. */
  readonly share: number;
}

/** Lets the teacher judge the picture once, and brings the gradient back to the logits. */
async function judge(
  parts: StepParts,
  { step, draw, grad, share }: JudgeOptions,
): Promise<Judgment> {
  const { gpu, generator, gradNorm: norm, losses } = parts;
  const { seed, sd, training } = parts.config;
  const { steps } = training;
  const timestep = drawTimestep(sd, { seed, step, steps, draw, timesteps: parts.schedule.size });
  const score = await askTeacher(parts, { draw, timestep });
  using gradSeen = score.gradImage;
  recordBackward(parts, gradSeen);
  gpu.submit((pass) => {
    const { gradLogits } = generator;
    if (grad !== gradLogits) encodeAddScaled(pass, { x: gradLogits, y: grad }, { scale: share });
    encodeGradNorm(pass, { grad, norm });
  });
  // Asked for together: each wait for the GPU takes Deno some 10 ms.
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

/** Draws the picture as the teacher sees it in a step, and lets the teacher judge it. */
async function askTeacher(
  parts: StepParts,
  { draw, timestep }: { readonly draw: number; readonly timestep: number },
) {
  const { gpu, generator, augmenter, teacherSize, denoiser } = parts;
  const { seed, generator: config, training } = parts.config;
  const augmentation = drawAugmentation(training.augmentation, {
    ...{ seed, step: draw, tau: config.tau },
    size: teacherSize,
  });
  const control = denoiser.isControlled(timestep) ? parts.control : undefined;
  let seen: GpuTensor;
  gpu.submit((pass) => {
    generator.forward(pass, {
      tau: config.gumbel ? augmentation.tau : config.tau,
      gumbelNoise: config.gumbel ? { seed, stream: RANDOM_STREAMS.gumbel, step: draw } : undefined,
      smooth: config.smoothSoftmax,
    });
    seen = augmenter.forward(pass, generator.image, augmentation);
    control?.encode(pass, augmenter, augmentation);
  });
  return await parts.distillation.step(seen!, { step: draw, timestep, control: control?.images });
}

/** Brings the gradient of what the teacher saw back to the logits, with those of the losses. */
function recordBackward(parts: StepParts, gradSeen: GpuTensor): void {
  const { gpu, generator, augmenter, losses } = parts;
  gpu.submit((pass) => {
    const gradImage = augmenter.backward(pass, gradSeen);
    for (const loss of losses) loss.encode(pass, { image: generator.image, gradImage });
    generator.backward(pass, gradImage);
  });
}
