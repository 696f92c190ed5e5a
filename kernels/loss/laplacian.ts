import { defineKernel } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";
import type { LossMode } from "./image_loss.ts";
import { mirror } from "./mirror.ts";
import source from "./laplacian.wgsl" with { type: "text" };

/** Terms of the Laplacian loss, and their gradient with respect to the Laplacian. */
export const laplacian = defineKernel({
  name: "laplacian",
  source,
  prelude: [mirror],
  params: {
    height: "u32",
    width: "u32",
    radius: "u32",
    squares: "u32",
    scale: "f32",
  },
  tensors: ["read", "read", "read_write", "read_write"],
});

/**
 * Records the Laplacian loss of an image: the mean of |L| or of L^2, where the Laplacian L of a
 * value is its difference from the weighted mean of its neighbors. The loss is the sum of `terms`.
 *
 * @param tensors `image` [H, W, 3]; `weights` [N, N] of the neighbors, N odd, at most
 *   2 min(H, W) - 1; `terms` [H, W, 3], |L| or L^2 divided by the number of values; `gradLaplacian`
 *   [H, W, 3], the gradient of the loss with respect to L. The last two are overwritten.
 * @param options `mode`: "l1" for |L|, "l2" for L^2.
 */
export function encodeLaplacian(
  pass: Pass,
  { image, weights, terms, gradLaplacian }: {
    readonly image: GpuTensor;
    readonly weights: GpuTensor;
    readonly terms: GpuTensor;
    readonly gradLaplacian: GpuTensor;
  },
  { mode }: { readonly mode: LossMode },
): void {
  const [height, width] = image.shape as [number, number];
  const radius = (weights.shape[0]! - 1) / 2;
  const params = { height, width, radius, squares: mode === "l2" ? 1 : 0, scale: 1 / image.size };
  pass.dispatch(laplacian, [image, weights, terms, gradLaplacian], params, image.size);
}
