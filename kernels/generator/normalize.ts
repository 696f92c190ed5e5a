import { defineKernel } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";
import { checkLogitShape } from "./logit_shape.ts";
import { reduceRow } from "./reduce_row.ts";
import source from "./normalize.wgsl" with { type: "text" };

/** Rescales the logits of each pixel to one norm. */
export const normalize = defineKernel({
  name: "normalize",
  source,
  prelude: [reduceRow],
  params: { pixels: "u32", classes: "u32", norm: "f32" },
  tensors: ["read_write"],
});

/**
 * Records the rescaling of the logits of each pixel to one L2 norm, in place. Zeros stay.
 *
 * @param tensors `logits` [H, W, K].
 * @param options `norm`: norm of the result, 0 or more.
 * @throws {RangeError} If there are no logits.
 */
export function encodeNormalize(
  pass: Pass,
  { logits }: { readonly logits: GpuTensor },
  { norm }: { readonly norm: number },
): void {
  const { pixels, classes } = checkLogitShape([logits], "encode normalization");
  pass.dispatch(normalize, [logits], { pixels, classes, norm }, pixels);
}
