import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";
import { encodePhilox, type PhiloxKey } from "./philox.ts";

/**
 * Records random numbers of the standard Gumbel distribution: -log(-log(u)) of uniform u in (0, 1).
 *
 * Source: Jang et al. 2017, https://arxiv.org/abs/1611.01144, section 2.1.
 *
 * @param tensors `out`, of any shape; overwritten.
 * @throws {RangeError} If a part of the key is no integer in [0, 2^32), when it is submitted.
 */
export function encodeGumbel(
  pass: Pass,
  { out }: { readonly out: GpuTensor },
  key: PhiloxKey,
): void {
  encodePhilox(pass, { out }, { ...key, distribution: "gumbel" });
}
