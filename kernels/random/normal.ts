import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";
import { encodePhilox, type PhiloxKey } from "./philox.ts";

/**
 * Records random numbers of the standard normal distribution.
 *
 * Source: Box & Muller 1958, https://doi.org/10.1214/aoms/1177706645.
 *
 * @param tensors `out`, of any shape; overwritten.
 * @throws {RangeError} If a part of the key is no integer in [0, 2^32), when it is submitted.
 */
export function encodeNormal(
  pass: Pass,
  { out }: { readonly out: GpuTensor },
  key: PhiloxKey,
): void {
  encodePhilox(pass, { out }, { ...key, distribution: "normal" });
}
