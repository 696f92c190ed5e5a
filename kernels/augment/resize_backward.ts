import { defineKernel } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";
import { resize, type ResizeOptions, resizeParams } from "./resize.ts";
import { resizeTaps } from "./resize_taps.ts";
import source from "./resize_backward.wgsl" with { type: "text" };

/** Gradient of a resize. */
export const resizeBackward = defineKernel({
  name: "resize_backward",
  source,
  prelude: [resizeTaps],
  params: resize.params,
  tensors: ["read", "read_write"],
});

/**
 * Records the gradient of a resize with respect to its input. Sums have a fixed order.
 *
 * @param tensors `gradOut` [1, 3, S_H, S_W]; `gradImage` of the shape of the resized image.
 * @param options Those of the resize.
 * @throws {RangeError} If a shape differs.
 */
export function encodeResizeBackward(
  pass: Pass,
  { gradOut, gradImage }: { readonly gradOut: GpuTensor; readonly gradImage: GpuTensor },
  options: ResizeOptions,
): void {
  const params = resizeParams(gradImage, gradOut, {
    ...options,
    action: "encode the backward of resize",
  });
  pass.dispatch(resizeBackward, [gradOut, gradImage], params, gradImage.size);
}
