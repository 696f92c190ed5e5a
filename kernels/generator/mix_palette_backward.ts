import { checkSize } from "../gpu/check_shape.ts";
import { defineKernel } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";
import { checkLogitShape } from "./logit_shape.ts";
import source from "./mix_palette_backward.wgsl" with { type: "text" };

/** Gradient of the mix of palette colors. */
export const mixPaletteBackward = defineKernel({
  name: "mix_palette_backward",
  source,
  params: { size: "u32", classes: "u32" },
  tensors: ["read", "read", "read_write"],
});

/** Tensors of {@linkcode encodeMixPaletteBackward}. */
export interface MixPaletteBackwardTensors {
  /** Gradient with respect to the image, shape [H, W, 3]. */
  readonly gradImage: GpuTensor;
  /** sRGB in [0, 1], shape [K, 3]. */
  readonly palette: GpuTensor;
  /** Gradient with respect to the probabilities, shape [H, W, K]; overwritten. */
  readonly gradProbs: GpuTensor;
}

/**
 * Records the gradient of the mix of palette colors with respect to their probabilities.
 *
 * @throws {RangeError} If a size does not fit.
 */
export function encodeMixPaletteBackward(
  pass: Pass,
  { gradImage, palette, gradProbs }: MixPaletteBackwardTensors,
): void {
  const { pixels, classes } = checkLogitShape([gradProbs], "encode backward of mix of colors");
  checkSize(palette, 3 * classes, "encode backward of mix of colors");
  checkSize(gradImage, 3 * pixels, "encode backward of mix of colors");
  const size = pixels * classes;
  pass.dispatch(mixPaletteBackward, [gradImage, palette, gradProbs], { size, classes }, size);
}
