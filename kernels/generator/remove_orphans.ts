import { checkSize } from "../gpu/check_shape.ts";
import { defineKernel } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";
import { checkLogitShape } from "./logit_shape.ts";
import source from "./remove_orphans.wgsl" with { type: "text" };

/** Classes of pixels without orphans. */
export const removeOrphans = defineKernel({
  name: "remove_orphans",
  source,
  params: { height: "u32", width: "u32", classes: "u32", margin: "f32" },
  tensors: ["read", "read", "read_write"],
});

/**
 * Records the removal of orphan pixels. An orphan has the class of none of its four neighbors. It
 * takes the most likely class among theirs, if its own logit exceeds it by less than a
 * margin.
 *
 * So a pixel of high certainty, such as an eye, stays.
 *
 * @param tensors `logits` [H, W, K]; `indices` [H, W] of type u32, the class of each pixel as
 *   `encodeArgmax` writes it; `cleaned` [H, W] of type u32, overwritten.
 * @param options `margin`: difference of logits, 0 or more; with 0 nothing changes.
 * @throws {RangeError} If a size does not fit.
 * @throws {TypeError} If indices are not of type u32.
 */
export function encodeRemoveOrphans(
  pass: Pass,
  { logits, indices, cleaned }: {
    readonly logits: GpuTensor;
    readonly indices: GpuTensor;
    readonly cleaned: GpuTensor;
  },
  { margin }: { readonly margin: number },
): void {
  const { pixels, classes } = checkLogitShape([logits], "remove orphans");
  for (const tensor of [indices, cleaned]) {
    checkSize(tensor, pixels, "remove orphans");
    if (tensor.dtype !== "u32") {
      throw new TypeError(
        `Cannot remove orphans: expected "${tensor.label}" of type u32, ` +
          `got ${tensor.dtype}`,
      );
    }
  }
  const [height, width] = logits.shape as [number, number];
  pass.dispatch(
    removeOrphans,
    [logits, indices, cleaned],
    { height, width, classes, margin },
    pixels,
  );
}
