import { defineKernel } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";
import type { LossMode } from "./image_loss.ts";
import { mirror } from "./mirror.ts";
import source from "./laplacian.wgsl" with { type: "text" };

/** Magnitudes or squares of a Laplacian, and their gradient. */
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
 * Records the terms of the mean magnitude or square of a Laplacian, and their gradient.
 *
 * @param tensors `image`, `terms` and `gradLaplacian` [H, W, 3]; `weights` [N, N], N odd, at most
 *   2 min(H, W) - 1. `terms` and `gradLaplacian` are overwritten.
 * @param options `mode`: "l1" for magnitudes, "l2" for squares.
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
