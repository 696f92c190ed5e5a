import { defineKernel } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";
import { dft } from "./dft.ts";
import source from "./dft_height.wgsl" with { type: "text" };

/** Discrete Fourier transform along the height. */
export const dftHeight = defineKernel({
  name: "dft_height",
  source,
  prelude: [dft],
  params: { height: "u32", row_size: "u32", sign: "f32" },
  tensors: ["read", "read", "read_write"],
});

/**
 * Records the Fourier transform of each column, or its inverse without a factor.
 *
 * @param tensors `rows` and `spectrum` [H, …, 2], real and imaginary parts; `twiddles` [H, 2],
 *   cosines and sines of 2π j/H. `spectrum` is overwritten.
 * @param options `inverse`: whether the inverse is computed.
 */
export function encodeDftHeight(
  pass: Pass,
  { rows, twiddles, spectrum }: {
    readonly rows: GpuTensor;
    readonly twiddles: GpuTensor;
    readonly spectrum: GpuTensor;
  },
  { inverse }: { readonly inverse: boolean },
): void {
  const height = rows.shape[0]!;
  const size = rows.size / 2;
  const params = { height, row_size: size / height, sign: inverse ? 1 : -1 };
  pass.dispatch(dftHeight, [rows, twiddles, spectrum], params, size);
}
