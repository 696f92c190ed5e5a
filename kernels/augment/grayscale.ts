import { defineKernel } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";
import { luma } from "./luma.ts";
import source from "./grayscale.wgsl" with { type: "text" };
import { commonImageSize } from "./image_size.ts";

/** Conversion to gray. */
export const grayscale = defineKernel({
  name: "grayscale",
  source,
  prelude: [luma],
  params: { pixels: "u32" },
  tensors: ["read", "read_write"],
});

/**
 * Records the conversion of an image to gray.
 *
 * Source: torchvision.transforms.functional.rgb_to_grayscale with three output channels.
 *
 * @param tensors `image` and `out`, both [1, 3, H, W]; `out` is overwritten.
 * @throws {RangeError} If a shape differs.
 */
export function encodeGrayscale(
  pass: Pass,
  { image, out }: { readonly image: GpuTensor; readonly out: GpuTensor },
): void {
  const { height, width } = commonImageSize(image, out, "encode grayscale");
  pass.dispatch(grayscale, [image, out], { pixels: height * width }, height * width);
}
