import { defineKernel } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";
import { checkLogitShape, checkTau } from "./logit_shape.ts";
import { reduceRow } from "./reduce_row.ts";
import { softmaxRow } from "./softmax_row.ts";
import source from "./gumbel_softmax.wgsl" with { type: "text" };

/** Probabilities of logits with noise. */
export const gumbelSoftmax = defineKernel({
  name: "gumbel_softmax",
  source,
  prelude: [reduceRow, softmaxRow],
  params: { pixels: "u32", classes: "u32", tau: "f32" },
  tensors: ["read", "read", "read_write"],
});

/** Tensors of {@linkcode encodeGumbelSoftmax}. */
export interface GumbelSoftmaxTensors {
  /** Shape [H, W, K]. */
  readonly logits: GpuTensor;
  /** Standard Gumbel noise, shape [H, W, K]. */
  readonly noise: GpuTensor;
  /** Shape [H, W, K]; overwritten. */
  readonly probs: GpuTensor;
}

/**
 * Records softmax((logits + noise) / tau) over the classes; its backward is that of softmax.
 *
 * Source: Jang et al. 2017, https://arxiv.org/abs/1611.01144, Eq. 2.
 *
 * @param options `tau`: temperature, above 0.
 * @throws {RangeError} If a size or the temperature does not fit.
 */
export function encodeGumbelSoftmax(
  pass: Pass,
  { logits, noise, probs }: GumbelSoftmaxTensors,
  { tau }: { readonly tau: number },
): void {
  const grid = checkLogitShape([logits, noise, probs], "encode Gumbel-softmax");
  checkTau(tau, "encode Gumbel-softmax");
  pass.dispatch(gumbelSoftmax, [logits, noise, probs], { ...grid, tau }, grid.pixels);
}
