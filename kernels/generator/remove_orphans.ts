import { checkSize } from "../gpu/check_size.ts";
import { defineKernel } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";
import { checkLogitShape } from "./logit_shape.ts";
import source from "./remove_orphans.wgsl" with { type: "text" };

/** Classes of pixels, in which a stray one sides with a neighbor. */
export const removeOrphans = defineKernel({
  name: "remove_orphans",
  source,
  params: { height: "u32", width: "u32", classes: "u32", margin: "f32" },
  tensors: ["read", "read", "read_write"],
});

/**
 * Records classes in which a stray pixel, one that has the class of none of its four neighbors,
 * takes the likeliest of theirs, if that is less likely than its own by less than a margin.
 *
 * A pixel that is sure of itself, such as an eye, stays.
 *
 * @param tensors `logits` [H, W, K]; `indices` [H, W] of type u32, the greatest logit of each
 *   pixel; `cleaned` [H, W] of type u32, overwritten.
 * @param options.margin Difference of logits, 0 or more; with 0 nothing changes.
 * @throws {RangeError} If a size does not fit.
 * @throws {TypeError} If indices are of another type.
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
  const { pixels, classes } = checkLogitShape([logits], "encode settling of strays");
  for (const tensor of [indices, cleaned]) {
    checkSize(tensor, pixels, "encode settling of strays");
    if (tensor.dtype !== "u32") {
      throw new TypeError(
        `Cannot encode settling of strays: expected "${tensor.label}" of type u32, ` +
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
