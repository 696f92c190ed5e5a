import { checkSize } from "../gpu/check_shape.ts";
import { defineKernel } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";
import source from "./add_noise.wgsl" with { type: "text" };

/** Sum of latents and noise. */
export const addNoise = defineKernel({
  name: "add_noise",
  source,
  params: {
    size: "u32",
    row_size: "u32",
    signal_scale: "f32",
    noise_scale: "f32",
  },
  tensors: ["read", "read", "read_write"],
});

/** Tensors of {@linkcode encodeAddNoise}. */
export interface AddNoiseTensors {
  /** Scaled latents, shape [1, 4, h, w]. */
  readonly latents: GpuTensor;
  /** Standard normal noise, shape [1, 4, h, w]. */
  readonly noise: GpuTensor;
  /** One or more equal rows, shape [R, 4, h, w]; overwritten. */
  readonly noisy: GpuTensor;
}

/**
 * Records the sum of scaled latents and noise, sqrt(a) latents + sqrt(1 - a) noise, in each row.
 *
 * Source: Ho et al. 2020, https://arxiv.org/abs/2006.11239, Eq. 4.
 *
 * @param options `alphaCumprod`: a, the cumulative product of alphas at the timestep, in [0, 1].
 * @throws {RangeError} If a size does not fit, or `alphaCumprod` is out of range.
 */
export function encodeAddNoise(
  pass: Pass,
  { latents, noise, noisy }: AddNoiseTensors,
  { alphaCumprod }: { readonly alphaCumprod: number },
): void {
  checkSize(noise, latents.size, "encode added noise");
  const rows = Math.max(1, Math.floor(noisy.size / latents.size));
  checkSize(noisy, rows * latents.size, "encode added noise");
  if (!(alphaCumprod >= 0 && alphaCumprod <= 1)) {
    throw new RangeError(
      `Cannot encode added noise: alphaCumprod must be in [0, 1], got ${alphaCumprod}`,
    );
  }
  const params = {
    size: noisy.size,
    row_size: latents.size,
    signal_scale: Math.sqrt(alphaCumprod),
    noise_scale: Math.sqrt(1 - alphaCumprod),
  };
  pass.dispatch(addNoise, [latents, noise, noisy], params, noisy.size);
}
