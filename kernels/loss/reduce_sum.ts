import { defineKernel, WORKGROUP_SIZE } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";
import { workgroupSum } from "../gpu/workgroup_sum.ts";
import source from "./reduce_sum.wgsl" with { type: "text" };

/** Sum of a tensor. */
export const reduceSum = defineKernel({
  name: "reduce_sum",
  source,
  prelude: [workgroupSum],
  params: { size: "u32" },
  tensors: ["read", "read_write"],
});

/**
 * Records the sum of all values of a tensor, in a fixed order.
 *
 * @param tensors `x`, of any shape; `total` [1], overwritten.
 */
export function encodeReduceSum(
  pass: Pass,
  { x, total }: { readonly x: GpuTensor; readonly total: GpuTensor },
): void {
  pass.dispatch(reduceSum, [x, total], { size: x.size }, WORKGROUP_SIZE);
}
