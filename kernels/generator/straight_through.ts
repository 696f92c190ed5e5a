import { defineKernel } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";
import { checkLogitShape } from "./logit_shape.ts";
import { reduceRow } from "./reduce_row.ts";
import source from "./straight_through.wgsl" with { type: "text" };

/** One-hot vector of the maximum probability. */
export const straightThrough = defineKernel({
  name: "straight_through",
  source,
  prelude: [reduceRow],
  params: { pixels: "u32", classes: "u32" },
  tensors: ["read", "read_write"],
});

/**
 * Records the one-hot vector of the maximum probability; on ties, of the first one.
 *
 * Its backward is the identity: the gradient with respect to `hard` is used as that of `probs`.
 * Source: Jang et al. 2017, https://arxiv.org/abs/1611.01144, section 2.2.
 *
 * @param tensors `probs` and `hard`, both [H, W, K]; `hard` is overwritten.
 * @throws {RangeError} If a size does not fit.
 */
export function encodeStraightThrough(
  pass: Pass,
  { probs, hard }: { readonly probs: GpuTensor; readonly hard: GpuTensor },
): void {
  const { pixels, classes } = checkLogitShape([probs, hard], "encode straight-through");
  pass.dispatch(straightThrough, [probs, hard], { pixels, classes }, pixels);
}
