import { defineKernel } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";
import source from "./horizontal_flip.wgsl" with { type: "text" };
import { commonImageSize } from "./image_size.ts";

/** Horizontal flip. */
export const horizontalFlip = defineKernel({
  name: "horizontal_flip",
  source,
  params: { size: "u32", width: "u32" },
  tensors: ["read", "read_write"],
});

/**
 * Records a horizontal flip of an image. It is its own backward.
 *
 * @param tensors `image` and `out`, both [1, 3, H, W]; `out` is overwritten.
 * @throws {RangeError} If a shape differs.
 */
export function encodeHorizontalFlip(
  pass: Pass,
  { image, out }: { readonly image: GpuTensor; readonly out: GpuTensor },
): void {
  const { width } = commonImageSize(image, out, "encode horizontal flip");
  pass.dispatch(horizontalFlip, [image, out], { size: out.size, width }, out.size);
}
