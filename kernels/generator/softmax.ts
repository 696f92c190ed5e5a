import { defineKernel } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";
import { checkLogitShape, checkTau } from "./logit_shape.ts";
import { reduceRow } from "./reduce_row.ts";
import { softmaxRow } from "./softmax_row.ts";
import source from "./softmax.wgsl" with { type: "text" };

/** Probabilities of logits. */
export const softmax = defineKernel({
  name: "softmax",
  source,
  prelude: [reduceRow, softmaxRow],
  params: { pixels: "u32", classes: "u32", tau: "f32" },
  tensors: ["read", "read_write"],
});

/**
 * Records softmax(logits / tau) over the classes.
 *
 * @param tensors `logits` and `probs`, both [H, W, K]; `probs` is overwritten.
 * @param options `tau`: temperature, above 0.
 * @throws {RangeError} If a size or the temperature does not fit.
 */
export function encodeSoftmax(
  pass: Pass,
  { logits, probs }: { readonly logits: GpuTensor; readonly probs: GpuTensor },
  { tau }: { readonly tau: number },
): void {
  const grid = checkLogitShape([logits, probs], "encode softmax");
  checkTau(tau, "encode softmax");
  pass.dispatch(softmax, [logits, probs], { ...grid, tau }, grid.pixels);
}
