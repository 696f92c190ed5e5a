import { checkSize } from "../gpu/check_shape.ts";
import { defineKernel } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";
import { reduceRow } from "./reduce_row.ts";
import source from "./argmax.wgsl" with { type: "text" };
import { checkLogitShape } from "./logit_shape.ts";

/** Class of the maximum logit. */
export const argmax = defineKernel({
  name: "argmax",
  source,
  prelude: [reduceRow],
  params: { pixels: "u32", classes: "u32" },
  tensors: ["read", "read_write"],
});

/**
 * Records the class of the maximum logit of each pixel; on ties, the first one.
 *
 * @param tensors `logits` [H, W, K]; `indices` [H, W] of type u32, overwritten.
 * @throws {RangeError} If a size does not fit.
 * @throws {TypeError} If the indices are not of type u32.
 */
export function encodeArgmax(
  pass: Pass,
  { logits, indices }: { readonly logits: GpuTensor; readonly indices: GpuTensor },
): void {
  const { pixels, classes } = checkLogitShape([logits], "encode argmax");
  checkSize(indices, pixels, "encode argmax");
  if (indices.dtype !== "u32") {
    throw new TypeError(
      `Cannot encode argmax: expected "${indices.label}" of type u32, got ${indices.dtype}`,
    );
  }
  pass.dispatch(argmax, [logits, indices], { pixels, classes }, pixels);
}
