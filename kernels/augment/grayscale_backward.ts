import { defineKernel } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";
import { luma } from "./luma.ts";
import source from "./grayscale_backward.wgsl" with { type: "text" };
import { commonImageSize } from "./image_size.ts";

/** Gradient of the conversion to gray. */
export const grayscaleBackward = defineKernel({
  name: "grayscale_backward",
  source,
  prelude: [luma],
  params: { pixels: "u32" },
  tensors: ["read", "read_write"],
});

/**
 * Records the gradient of the conversion to gray.
 *
 * @param tensors `gradOut` and `gradImage`, both [1, 3, H, W]; `gradImage` is overwritten.
 * @throws {RangeError} If a shape differs.
 */
export function encodeGrayscaleBackward(
  pass: Pass,
  { gradOut, gradImage }: { readonly gradOut: GpuTensor; readonly gradImage: GpuTensor },
): void {
  const action = "encode the backward of grayscale";
  const { height, width } = commonImageSize(gradOut, gradImage, action);
  pass.dispatch(
    grayscaleBackward,
    [gradOut, gradImage],
    { pixels: height * width },
    height * width,
  );
}
