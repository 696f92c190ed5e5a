import { defineKernel } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";
import { checkLogitShape, checkTau } from "./logit_shape.ts";
import { reduceRow } from "./reduce_row.ts";
import source from "./softmax_backward.wgsl" with { type: "text" };

/** Gradient of softmax. */
export const softmaxBackward = defineKernel({
  name: "softmax_backward",
  source,
  prelude: [reduceRow],
  params: { pixels: "u32", classes: "u32", tau: "f32" },
  tensors: ["read", "read", "read_write"],
});

/** Tensors of {@linkcode encodeSoftmaxBackward}. */
export interface SoftmaxBackwardTensors {
  /** Probabilities of the forward, shape [H, W, K]. */
  readonly probs: GpuTensor;
  /** Gradient with respect to them, shape [H, W, K]. */
  readonly gradProbs: GpuTensor;
  /** Gradient with respect to the logits, shape [H, W, K]; overwritten. */
  readonly gradLogits: GpuTensor;
}

/**
 * Records the backward of softmax, with or without Gumbel noise.
 *
 * @param options `tau`: temperature of the forward.
 * @throws {RangeError} If a size or the temperature does not fit.
 */
export function encodeSoftmaxBackward(
  pass: Pass,
  { probs, gradProbs, gradLogits }: SoftmaxBackwardTensors,
  { tau }: { readonly tau: number },
): void {
  const grid = checkLogitShape([probs, gradProbs, gradLogits], "encode backward of softmax");
  checkTau(tau, "encode backward of softmax");
  pass.dispatch(softmaxBackward, [probs, gradProbs, gradLogits], { ...grid, tau }, grid.pixels);
}
