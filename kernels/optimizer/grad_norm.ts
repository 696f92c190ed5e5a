import { checkSize } from "../gpu/check_shape.ts";
import { defineKernel, WORKGROUP_SIZE } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";
import { workgroupSum } from "../gpu/workgroup_sum.ts";
import source from "./grad_norm.wgsl" with { type: "text" };

/** L2 norm of a gradient. */
export const gradNorm = defineKernel({
  name: "grad_norm",
  source,
  prelude: [workgroupSum],
  params: { size: "u32" },
  tensors: ["read", "read_write"],
});

/**
 * Records the L2 norm of a gradient. The order of the sum is fixed, so it repeats bit for bit.
 *
 * @param tensors `grad`, of any shape; `norm` [1], overwritten.
 * @throws {RangeError} If `norm` has more than one value.
 */
export function encodeGradNorm(
  pass: Pass,
  { grad, norm }: { readonly grad: GpuTensor; readonly norm: GpuTensor },
): void {
  checkSize(norm, 1, "encode norm of gradient");
  pass.dispatch(gradNorm, [grad, norm], { size: grad.size }, WORKGROUP_SIZE);
}
