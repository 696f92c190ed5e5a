import { defineKernel } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";
import { commonImageSize } from "./image_size.ts";
import source from "./roll.wgsl" with { type: "text" };

/** Cyclic shift of an image. */
export const roll = defineKernel({
  name: "roll",
  source,
  params: { size: "u32", height: "u32", width: "u32", down: "u32", right: "u32" },
  tensors: ["read", "read_write"],
});

/** By how many pixels an image is rolled; any integers. */
export interface Shift {
  /** Rows, downward. */
  readonly y: number;
  /** Columns, to the right. */
  readonly x: number;
}

/**
 * Records a cyclic shift of an image: what leaves it at a border comes back at the opposite one.
 * Its backward is the opposite shift.
 *
 * @param tensors `image` and `out`, both [1, 3, H, W]; `out` is overwritten.
 * @throws {RangeError} If a shape differs.
 */
export function encodeRoll(
  pass: Pass,
  { image, out }: { readonly image: GpuTensor; readonly out: GpuTensor },
  { y, x }: Shift,
): void {
  const { height, width } = commonImageSize(image, out, "encode roll");
  const params = {
    size: out.size,
    height,
    width,
    down: (y % height + height) % height,
    right: (x % width + width) % width,
  };
  pass.dispatch(roll, [image, out], params, out.size);
}
