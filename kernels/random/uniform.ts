import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";
import { encodePhilox, type PhiloxKey } from "./philox.ts";

/**
 * Records uniform random numbers in (0, 1): multiples of 2^-24, never 0 or 1.
 *
 * @param tensors `out`, of any shape; overwritten.
 * @throws {RangeError} If a part of the key is no integer in [0, 2^32), when it is submitted.
 */
export function encodeUniform(
  pass: Pass,
  { out }: { readonly out: GpuTensor },
  key: PhiloxKey,
): void {
  encodePhilox(pass, { out }, { ...key, distribution: "uniform" });
}
