import { imageSize } from "../augment/image_size.ts";
import { defineKernel } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";
import { sobel } from "./sobel.ts";
import source from "./sobel_difference_backward.wgsl" with { type: "text" };

/** Gradient of the edges of a gray image. */
export const sobelDifferenceBackward = defineKernel({
  name: "sobel_difference_backward",
  source,
  prelude: [sobel],
  params: { height: "u32", width: "u32" },
  tensors: ["read", "read_write"],
});

/**
 * Records the gradient of edges with respect to the gray image.
 *
 * @param tensors `gradEdges` [S_H, S_W, 2]; `gradGray` [1, 3, S_H, S_W], overwritten: its first
 *   channel becomes the gradient, the others 0.
 * @throws {RangeError} If `gradGray` is not of shape [1, 3, S_H, S_W].
 */
export function encodeSobelDifferenceBackward(
  pass: Pass,
  { gradEdges, gradGray }: { readonly gradEdges: GpuTensor; readonly gradGray: GpuTensor },
): void {
  const action = "encode the backward of the difference of edges";
  const { height, width } = imageSize(gradGray, "chw", action);
  pass.dispatch(
    sobelDifferenceBackward,
    [gradEdges, gradGray],
    { height, width },
    height * width,
  );
}
