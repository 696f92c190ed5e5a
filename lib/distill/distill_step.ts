import type { RunConfig } from "../../config/run_config.ts";
import type { Gpu } from "../../kernels/gpu/gpu.ts";
import type { GpuTensor } from "../../kernels/gpu/tensor.ts";
import { encodeGradNorm } from "../../kernels/optimizer/grad_norm.ts";
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
import type { Control } from "./control.ts";
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

/** What is known of a step that was made. */
export interface StepOutcome {
  /** Losses by name, each times its factor: "score" is the teacher's. */
  readonly losses: Readonly<Record<string, number>>;
  /** Norm of the gradient of the logits before it was limited; NaN or infinite if it was lost. */
  readonly gradNorm: number;
  /** Whether the logits were changed: a gradient that is not finite leaves them as they are. */
  readonly isApplied: boolean;
  /** Learning rate of the step. */
  readonly learningRate: number;
  /** Diffusion time, integer in [0, 1000). */
  readonly timestep: number;
}

/** Stream of the Gumbel noise; the letters "gumb". */
const GUMBEL_STREAM = 0x67756d62;

/**
 * Makes one optimizer step; it depends on the logits, the optimizer and the number of the step only.
 *
 * The picture, mixed with Gumbel noise, is enlarged and changed at random; the teacher's gradient
 * and those of the other losses come back to the logits, which AdamW moves, limited in norm.
 *
 * Source: Binninger & Sorkine-Hornung 2024, https://arxiv.org/abs/2410.06236, Section 3.
 *
 * @param step Number of the step, from 1.
 */
export async function makeStep(parts: StepParts, step: number): Promise<StepOutcome> {
  const { gpu, generator, optimizer, losses } = parts;
  const { seed, sd, training } = parts.config;
  const draw = { seed, step };
  const timestep = drawTimestep(sd, {
    ...draw,
    steps: training.steps,
    timesteps: parts.schedule.size,
  });
  const score = await judge(parts, { step, timestep });
  using gradSeen = score.gradImage;
  recordBackward(parts, gradSeen);
  const learningRate = learningRateAt(training, step);
  // Asked for together: each wait for the GPU takes Deno some 10 ms.
  const [[gradNorm], scoreLoss, ...values] = await Promise.all([
    parts.gradNorm.read(),
    score.readLoss(),
    ...losses.map((loss) => loss.read()),
  ]);
  const isApplied = Number.isFinite(gradNorm) && Number.isFinite(scoreLoss);
  if (isApplied) {
    gpu.submit((pass) => {
      optimizer.encode(pass, generator.gradLogits, { learningRate });
      generator.balance(pass);
    });
  }
  const named = losses.map(({ name }, i) => [name, values[i]!]);
  return {
    losses: { score: scoreLoss, ...Object.fromEntries(named) },
    gradNorm: gradNorm!,
    isApplied,
    learningRate,
    timestep,
  };
}

/** Draws the picture as the teacher sees it in a step, and lets the teacher judge it. */
async function judge(
  parts: StepParts,
  { step, timestep }: { readonly step: number; readonly timestep: number },
) {
  const { gpu, generator, augmenter, teacherSize, denoiser } = parts;
  const { seed, generator: config, training } = parts.config;
  const augmentation = drawAugmentation(training.augmentation, {
    ...{ seed, step, tau: config.tau },
    size: teacherSize,
  });
  const control = denoiser.isControlled(timestep) ? parts.control : undefined;
  let seen: GpuTensor;
  gpu.submit((pass) => {
    generator.forward(pass, {
      tau: config.gumbel ? augmentation.tau : config.tau,
      gumbelNoise: config.gumbel ? { seed, stream: GUMBEL_STREAM, step } : undefined,
      smooth: config.smoothSoftmax,
    });
    seen = augmenter.forward(pass, generator.image, augmentation);
    control?.encode(pass, augmenter, augmentation);
  });
  return await parts.distillation.step(seen!, { step, timestep, control: control?.images });
}

/** Brings the gradient of what the teacher saw back to the logits, with those of the losses. */
function recordBackward(parts: StepParts, gradSeen: GpuTensor): void {
  const { gpu, generator, augmenter, losses, gradNorm } = parts;
  gpu.submit((pass) => {
    const gradImage = augmenter.backward(pass, gradSeen);
    for (const loss of losses) loss.encode(pass, { image: generator.image, gradImage });
    generator.backward(pass, gradImage);
    encodeGradNorm(pass, { grad: generator.gradLogits, norm: gradNorm });
  });
}
