import { defineKernel } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";
import { dft } from "./dft.ts";
import source from "./dft_width_inverse.wgsl" with { type: "text" };

/** Real part of the inverse Fourier transform along the width. */
export const dftWidthInverse = defineKernel({
  name: "dft_width_inverse",
  source,
  prelude: [dft],
  params: { height: "u32", width: "u32", frequencies: "u32" },
  tensors: ["read", "read", "read_write"],
});

/**
 * Records the real part of the inverse Fourier transform of each row, without a factor.
 *
 * It sums over the frequencies of `spectrum` only, so it is the transpose of the forward transform.
 *
 * @param tensors `spectrum` [H, F, 3, 2], real and imaginary parts; `twiddles` [W, 2], cosines and
 *   sines of 2π j/W; `image` [H, W, 3], overwritten.
 */
export function encodeDftWidthInverse(
  pass: Pass,
  { spectrum, twiddles, image }: {
    readonly spectrum: GpuTensor;
    readonly twiddles: GpuTensor;
    readonly image: GpuTensor;
  },
): void {
  const [height, width] = image.shape as [number, number];
  const params = { height, width, frequencies: spectrum.shape[1]! };
  pass.dispatch(dftWidthInverse, [spectrum, twiddles, image], params, image.size);
}
