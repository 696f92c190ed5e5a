import { checkSize } from "../gpu/check_shape.ts";
import { defineKernel } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";
import { checkLogitShape } from "./logit_shape.ts";
import source from "./mix_palette.wgsl" with { type: "text" };

/** Mix of palette colors by their probabilities. */
export const mixPalette = defineKernel({
  name: "mix_palette",
  source,
  params: { pixels: "u32", classes: "u32" },
  tensors: ["read", "read", "read_write"],
});

/** Tensors of {@linkcode encodeMixPalette}. */
export interface MixPaletteTensors {
  /** Shape [H, W, K]. */
  readonly probs: GpuTensor;
  /** sRGB in [0, 1], shape [K, 3]. */
  readonly palette: GpuTensor;
  /** sRGB in [0, 1], shape [H, W, 3]; overwritten. */
  readonly image: GpuTensor;
}

/**
 * Records the mix of palette colors by their probabilities.
 *
 * @throws {RangeError} If a size does not fit.
 */
export function encodeMixPalette(
  pass: Pass,
  { probs, palette, image }: MixPaletteTensors,
): void {
  const { pixels, classes } = checkLogitShape([probs], "encode mix of colors");
  checkSize(palette, 3 * classes, "encode mix of colors");
  checkSize(image, 3 * pixels, "encode mix of colors");
  pass.dispatch(mixPalette, [probs, palette, image], { pixels, classes }, pixels);
}
