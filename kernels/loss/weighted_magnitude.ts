import { defineKernel } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";
import source from "./weighted_magnitude.wgsl" with { type: "text" };

/** Weighted magnitudes of a spectrum, and their gradient. */
export const weightedMagnitude = defineKernel({
  name: "weighted_magnitude",
  source,
  params: { size: "u32", threshold: "f32" },
  tensors: ["read", "read", "read_write", "read_write"],
});

/**
 * Records weight · |F| and its gradient weight · F / |F|, which is 0 where |F| is.
 *
 * @param tensors `spectrum` and `gradient` [H, F, 3, 2], real and imaginary parts; `weights` [H,
 * F];
 *   `magnitudes` [H, F, 3]. `magnitudes` and `gradient` are overwritten.
 * @param options `threshold`: maximum |F| that counts as 0.
 */
export function encodeWeightedMagnitude(
  pass: Pass,
  { spectrum, weights, magnitudes, gradient }: {
    readonly spectrum: GpuTensor;
    readonly weights: GpuTensor;
    readonly magnitudes: GpuTensor;
    readonly gradient: GpuTensor;
  },
  { threshold }: { readonly threshold: number },
): void {
  const { size } = magnitudes;
  const tensors = [spectrum, weights, magnitudes, gradient];
  pass.dispatch(weightedMagnitude, tensors, { size, threshold }, size);
}
