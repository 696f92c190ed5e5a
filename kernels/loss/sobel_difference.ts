import { commonImageSize } from "../augment/image_size.ts";
import { defineKernel } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";
import { sobel } from "./sobel.ts";
import source from "./sobel_difference.wgsl" with { type: "text" };

/** Squared differences between the edges of two images, and their gradient. */
export const sobelDifference = defineKernel({
  name: "sobel_difference",
  source,
  prelude: [sobel],
  params: { height: "u32", width: "u32" },
  tensors: ["read", "read", "read_write", "read_write"],
});

/**
 * Records the terms of the mean squared difference between edges, and their gradient.
 *
 * Source: Sobel & Feldman 1968; mean squares as in SD-piXL's function gradient_loss.
 *
 * @param tensors `gray` and `target`, both [1, 3, S_H, S_W] of three equal channels; `terms`
 *   [S_H, S_W]; `gradEdges` [S_H, S_W, 2], along x and along y. The last two are overwritten.
 * @throws {RangeError} If the shapes of the images differ.
 */
export function encodeSobelDifference(
  pass: Pass,
  { gray, target, terms, gradEdges }: {
    readonly gray: GpuTensor;
    readonly target: GpuTensor;
    readonly terms: GpuTensor;
    readonly gradEdges: GpuTensor;
  },
): void {
  const { height, width } = commonImageSize(gray, target, "encode the difference of edges");
  const tensors = [gray, target, terms, gradEdges];
  pass.dispatch(sobelDifference, tensors, { height, width }, height * width);
}
