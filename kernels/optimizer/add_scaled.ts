import { checkSize } from "../gpu/check_shape.ts";
import { defineKernel } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";
import source from "./add_scaled.wgsl" with { type: "text" };

/** Sum of a tensor and a scaled one. */
export const addScaled = defineKernel({
  name: "add_scaled",
  source,
  params: { size: "u32", scale: "f32" },
  tensors: ["read", "read_write"],
});

/**
 * Records y += scale · x.
 *
 * @param tensors `x` and `y`, of one size; `y` is changed in place.
 * @throws {RangeError} If the sizes differ.
 */
export function encodeAddScaled(
  pass: Pass,
  { x, y }: { readonly x: GpuTensor; readonly y: GpuTensor },
  { scale }: { readonly scale: number },
): void {
  checkSize(x, y.size, "encode scaled sum");
  pass.dispatch(addScaled, [x, y], { size: y.size, scale }, y.size);
}
