import type { Gpu } from "../gpu/gpu.ts";
import { defineKernel } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import { GpuTensor } from "../gpu/tensor.ts";
import source from "./philox.wgsl" with { type: "text" };

/** Random numbers by Philox4x32-10, four of each counter. */
export const philox = defineKernel({
  name: "philox",
  source,
  params: {
    size: "u32",
    seed: "u32",
    seed_high: "u32",
    stream: "u32",
    step: "u32",
    distribution: "u32",
  },
  tensors: ["read_write"],
});

/** A seed: an integer in [0, 2^64). From 2^53 it is a bigint, since a number would not be exact. */
export type Seed = number | bigint;

/** Key of a tensor of random numbers. The same key always gives the same numbers. */
export interface PhiloxKey {
  /** Seed of a run. */
  readonly seed: Seed;
  /** Purpose of the numbers, one of `RANDOM_STREAMS`; integer in [0, 2^32). */
  readonly stream: number;
  /** Optimizer step, integer in [0, 2^32). */
  readonly step: number;
}

/** Distribution of random numbers: uniform in (0, 1), standard normal or standard Gumbel. */
export type Distribution = "uniform" | "normal" | "gumbel";

/** Numbers of the distributions in the WGSL. */
const DISTRIBUTIONS: Readonly<Record<Distribution, number>> = { uniform: 0, normal: 1, gumbel: 2 };

/**
 * Records random numbers. Uniform ones are odd multiples of 2^-24, so never 0 or 1.
 *
 * @param tensors `out`, of any shape; overwritten.
 * @throws {RangeError} If the seed is no integer in [0, 2^64), or, when it is submitted, the stream
 *   or the step no integer in [0, 2^32).
 */
export function encodePhilox(
  pass: Pass,
  { out }: { readonly out: GpuTensor },
  { seed, stream, step, distribution }: PhiloxKey & { readonly distribution: Distribution },
): void {
  const [low, high] = seedWords(seed);
  const params = {
    size: out.size,
    seed: low,
    seed_high: high,
    stream,
    step,
    distribution: DISTRIBUTIONS[distribution],
  };
  pass.dispatch(philox, [out], params, Math.ceil(out.size / 4));
}

/**
 * Records random numbers of the standard normal distribution.
 *
 * Source: Box & Muller 1958, https://doi.org/10.1214/aoms/1177706645.
 *
 * @param tensors `out`, of any shape; overwritten.
 * @throws {RangeError} If the seed is no integer in [0, 2^64), or, when it is submitted, the stream
 *   or the step no integer in [0, 2^32).
 */
export function encodeNormal(
  pass: Pass,
  { out }: { readonly out: GpuTensor },
  key: PhiloxKey,
): void {
  encodePhilox(pass, { out }, { ...key, distribution: "normal" });
}

/**
 * Records random numbers of the standard Gumbel distribution: -log(-log(u)) of uniform u in (0, 1).
 *
 * Source: Jang et al. 2017, https://arxiv.org/abs/1611.01144, Section 2.1.
 *
 * @param tensors `out`, of any shape; overwritten.
 * @throws {RangeError} If the seed is no integer in [0, 2^64), or, when it is submitted, the stream
 *   or the step no integer in [0, 2^32).
 */
export function encodeGumbel(
  pass: Pass,
  { out }: { readonly out: GpuTensor },
  key: PhiloxKey,
): void {
  encodePhilox(pass, { out }, { ...key, distribution: "gumbel" });
}

/**
 * Draws random numbers of the standard normal distribution on the GPU, and reads them.
 *
 * @param shape Shape of the tensor.
 * @returns The values that `encodeNormal` writes.
 * @throws {RangeError} If a part of the key is no integer in [0, 2^32).
 */
export async function drawNormal(
  gpu: Gpu,
  shape: readonly number[],
  key: PhiloxKey,
): Promise<Float32Array<ArrayBuffer>> {
  using out = GpuTensor.zeros(gpu, shape, "random numbers");
  gpu.submit((pass) => encodeNormal(pass, { out }, key));
  return await out.read();
}

/**
 * Draws uniform random numbers on the host. They equal those of `encodePhilox` bit for bit.
 *
 * @param count Number of values.
 * @returns Values in (0, 1), each exact in 32-bit floats.
 * @throws {RangeError} If a part of the key is out of its range.
 */
export function drawUniform(
  { seed, stream, step }: PhiloxKey,
  count: number,
): Float64Array<ArrayBuffer> {
  const words = seedWords(seed);
  for (const [name, value] of Object.entries({ stream, step })) {
    if (Number.isInteger(value) && value >= 0 && value < 2 ** 32) continue;
    throw new RangeError(
      `Cannot draw random numbers: ${name} must be an integer in [0, 2^32), got ${value}`,
    );
  }
  const values = new Float64Array(count);
  for (let i = 0; i < count; i += 4) {
    const block = philox4x32([i / 4, step, stream, 0], words);
    // 23 bits plus a half: never 0 or 1, and exact in 32-bit floats.
    for (let k = 0; k < 4 && i + k < count; k++) {
      values[i + k] = ((block[k]! >>> 9) + 0.5) / 2 ** 23;
    }
  }
  return values;
}

/**
 * Returns the low and the high word of a seed.
 *
 * @throws {RangeError} If it is no integer in [0, 2^64).
 */
export function seedWords(seed: Seed): readonly [low: number, high: number] {
  if (typeof seed === "bigint" || Number.isSafeInteger(seed)) {
    const value = BigInt(seed);
    if (value >= 0n && value < 2n ** 64n) {
      return [Number(value & 0xffffffffn), Number(value >> 32n)];
    }
  }
  throw new RangeError(
    `Cannot draw random numbers: seed must be an integer in [0, 2^64), got ${seed}`,
  );
}

/** Four 32-bit words, each an integer in [0, 2^32). */
export type PhiloxBlock = readonly [number, number, number, number];

/**
 * Computes Philox4x32-10: four random words from a counter and a key.
 *
 * Source: Salmon et al. 2011, https://doi.org/10.1145/2063384.2063405, section 3.3.
 */
export function philox4x32(counter: PhiloxBlock, key: readonly [number, number]): PhiloxBlock {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const [high0, low0] = multiplyWords(0xd2511f53, c0);
    const [high1, low1] = multiplyWords(0xcd9e8d57, c2);
    [c0, c1, c2, c3] = [(high1 ^ c1 ^ k0) >>> 0, low1, (high0 ^ c3 ^ k1) >>> 0, low0];
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** Returns the high and the low word of the product of two words. */
function multiplyWords(a: number, b: number): [high: number, low: number] {
  const middle = (a >>> 16) * (b & 0xffff) + ((a & 0xffff) * (b & 0xffff) >>> 16);
  const other = (a & 0xffff) * (b >>> 16) + (middle & 0xffff);
  const high = (a >>> 16) * (b >>> 16) + Math.floor(middle / 65536) + Math.floor(other / 65536);
  return [high >>> 0, Math.imul(a, b) >>> 0];
}
