import { defineKernel } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";
import { reduceRow } from "./reduce_row.ts";
import source from "./center_logits.wgsl" with { type: "text" };
import { checkLogitShape } from "./logit_shape.ts";

/** Subtracts the mean over the classes from the logits. */
export const centerLogits = defineKernel({
  name: "center_logits",
  source,
  prelude: [reduceRow],
  params: { pixels: "u32", classes: "u32" },
  tensors: ["read_write"],
});

/**
 * Records subtracting the mean over the classes from the logits of each pixel, in place.
 *
 * @param tensors `logits` [H, W, K].
 * @throws {RangeError} If there are no logits.
 */
export function encodeCenterLogits(pass: Pass, { logits }: { readonly logits: GpuTensor }): void {
  const { pixels, classes } = checkLogitShape([logits], "center logits");
  pass.dispatch(centerLogits, [logits], { pixels, classes }, pixels);
}
