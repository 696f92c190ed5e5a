import { type Kernel, WORKGROUP_SIZE } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";
import source from "./sum.wgsl" with { type: "text" };

/** Sums up a tensor. */
export const sum: Kernel<{ size: "u32" }> = {
  name: "sum",
  source,
  params: { size: "u32" },
  tensors: ["read", "read_write"],
};

/**
 * Records the sum of all values of a tensor, in a fixed order.
 *
 * @param tensors `x`, of any shape; `total` [1].
 */
export function encodeSum(
  pass: Pass,
  { x, total }: { readonly x: GpuTensor; readonly total: GpuTensor },
): void {
  pass.dispatch(sum, [x, total], { size: x.size }, WORKGROUP_SIZE);
}
