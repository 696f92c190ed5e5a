import { defineKernel } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";
import { mirror } from "./mirror.ts";
import source from "./laplacian_backward.wgsl" with { type: "text" };

/** Gradient of a Laplacian. */
export const laplacianBackward = defineKernel({
  name: "laplacian_backward",
  source,
  prelude: [mirror],
  params: { height: "u32", width: "u32", radius: "u32" },
  tensors: ["read", "read", "read_write"],
});

/**
 * Records the gradient of a Laplacian with respect to the image.
 *
 * @param tensors `gradLaplacian` and `gradImage` [H, W, 3]; `weights` [N, N], N odd, at most
 *   2 min(H, W) - 1. `gradImage` is overwritten.
 */
export function encodeLaplacianBackward(
  pass: Pass,
  { gradLaplacian, weights, gradImage }: {
    readonly gradLaplacian: GpuTensor;
    readonly weights: GpuTensor;
    readonly gradImage: GpuTensor;
  },
): void {
  const [height, width] = gradImage.shape as [number, number];
  const radius = (weights.shape[0]! - 1) / 2;
  const tensors = [gradLaplacian, weights, gradImage];
  pass.dispatch(laplacianBackward, tensors, { height, width, radius }, gradImage.size);
}
