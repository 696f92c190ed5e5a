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
 * Records the gradient of a resize with respect to its input. The order of the sums is fixed.
 *
 * @param tensors `gradOut` [1, 3, S_H, S_W]; `gradImage` of the shape of the input, overwritten.
 * @param options The options of the forward.
 * @throws {RangeError} If a shape does not fit, or a dimension is above 16384 pixels.
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
