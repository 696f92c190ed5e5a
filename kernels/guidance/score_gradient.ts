import { checkSize } from "../gpu/check_shape.ts";
import { defineKernel } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";
import source from "./score_gradient.wgsl" with { type: "text" };

/** Gradient of score distillation with respect to the latents. */
export const scoreGradient = defineKernel({
  name: "score_gradient",
  source,
  params: {
    size: "u32",
    prompt_row: "u32",
    guidance_scale: "f32",
    scale: "f32",
  },
  tensors: ["read", "read", "read_write"],
});

/** Tensors of {@linkcode encodeScoreGradient}. */
export interface ScoreGradientTensors {
  /** Predicted noise: [2, 4, h, w] with negative prompt and prompt, or [1, 4, h, w] with prompt. */
  readonly noisePred: GpuTensor;
  /** The added noise, shape [1, 4, h, w]. */
  readonly noise: GpuTensor;
  /** Gradient with respect to the latents, shape [1, 4, h, w]; overwritten. */
  readonly gradLatents: GpuTensor;
}

/** Options of {@linkcode encodeScoreGradient}. */
export interface ScoreGradientOptions {
  /** Factor of (prompt - negative prompt). It has no effect with one row. */
  readonly guidanceScale: number;
  /** Factor of the whole. */
  readonly gradScale: number;
  /** Weight of the timestep, see {@linkcode scoreWeight}. */
  readonly weight: number;
}

/**
 * Records the gradient of score distillation:
 * gradScale · weight · ((pos - noise) + guidanceScale · (pos - neg)), or with one row
 * gradScale · weight · (pos - noise). Values that are not finite become 0.
 *
 * Source: Binninger & Sorkine-Hornung 2024, https://arxiv.org/abs/2410.06236.
 *
 * @throws {RangeError} If a size does not fit.
 */
export function encodeScoreGradient(
  pass: Pass,
  { noisePred, noise, gradLatents }: ScoreGradientTensors,
  { guidanceScale, gradScale, weight }: ScoreGradientOptions,
): void {
  const size = gradLatents.size;
  const rows = noisePred.size === size ? 1 : 2;
  checkSize(noisePred, rows * size, "encode score gradient");
  checkSize(noise, size, "encode score gradient");
  const params = {
    size,
    prompt_row: rows - 1,
    guidance_scale: guidanceScale,
    scale: gradScale * weight,
  };
  pass.dispatch(scoreGradient, [noisePred, noise, gradLatents], params, size);
}

/**
 * Returns the weight of a timestep in score distillation.
 *
 * @param alphaCumprod Cumulative product of alphas at the timestep, in [0, 1].
 * @param wMode "cumprod": 1 - alphaCumprod; "constant": 1.
 */
export function scoreWeight(alphaCumprod: number, wMode: "cumprod" | "constant"): number {
  return wMode === "cumprod" ? 1 - alphaCumprod : 1;
}
