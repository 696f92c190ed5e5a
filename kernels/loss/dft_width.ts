import { defineKernel } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";
import { dft } from "./dft.ts";
import source from "./dft_width.wgsl" with { type: "text" };

/** Discrete Fourier transform of a real image along the width. */
export const dftWidth = defineKernel({
  name: "dft_width",
  source,
  prelude: [dft],
  params: { height: "u32", width: "u32", frequencies: "u32" },
  tensors: ["read", "read", "read_write"],
});

/**
 * Records the Fourier transform of each row of an image, for frequencies 0 to W/2.
 *
 * @param tensors `image` [H, W, 3]; `twiddles` [W, 2], cosines and sines of 2π j/W; `spectrum`
 *   [H, ⌊W/2⌋ + 1, 3, 2], real and imaginary parts, overwritten.
 */
export function encodeDftWidth(
  pass: Pass,
  { image, twiddles, spectrum }: {
    readonly image: GpuTensor;
    readonly twiddles: GpuTensor;
    readonly spectrum: GpuTensor;
  },
): void {
  const [height, width] = image.shape as [number, number];
  const frequencies = spectrum.shape[1]!;
  const params = { height, width, frequencies };
  pass.dispatch(dftWidth, [image, twiddles, spectrum], params, height * frequencies * 3);
}
