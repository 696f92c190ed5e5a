import assert from "node:assert/strict";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import {
  drawNormal,
  drawUniform,
  encodeGumbel,
  encodeNormal,
  encodePhilox,
  philox,
  philox4x32,
  seedWords,
} from "../../../kernels/random/philox.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";
import { assertKernelStruct } from "../../support/assert_kernel_struct.ts";
import { gpuTest } from "../../support/gpu_test.ts";

const KEY = { seed: 4_000_000_007, stream: 3, step: 12_345 };
const ZEROS = { seed: 0, stream: 0, step: 0 };

Deno.test("philox lists the fields of its WGSL", () => assertKernelStruct(philox));

// Source: Random123 1.14, tests/kat_vectors, "philox4x32 10".
Deno.test("philox4x32() gives the published words", () => {
  assert.deepEqual(
    philox4x32([0, 0, 0, 0], [0, 0]),
    [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  );
  const ones = 0xffffffff;
  assert.deepEqual(
    philox4x32([ones, ones, ones, ones], [ones, ones]),
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  );
  assert.deepEqual(
    philox4x32([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]),
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  );
});

gpuTest("encodePhilox() begins with the published words", async (gpu) => {
  using out = GpuTensor.zeros(gpu, [4], "out");
  gpu.submit((pass) => encodePhilox(pass, { out }, { ...ZEROS, distribution: "uniform" }));
  const words = [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8];
  assert.deepEqual([...await out.read()], words.map((word) => ((word >>> 9) + 0.5) / 2 ** 23));
});

gpuTest("encodePhilox() equals drawUniform() to the last bit", async (gpu) => {
  for (const size of [1, 7, 5003]) {
    using out = GpuTensor.zeros(gpu, [size], "out");
    gpu.submit((pass) => encodePhilox(pass, { out }, { ...KEY, distribution: "uniform" }));
    assert.deepEqual([...await out.read()], [...drawUniform(KEY, size)]);
  }
});

gpuTest("random numbers depend neither on their count nor on earlier draws", async (gpu) => {
  using few = GpuTensor.zeros(gpu, [333], "few");
  using many = GpuTensor.zeros(gpu, [1000], "many");
  using again = GpuTensor.zeros(gpu, [1000], "again");
  for (const distribution of ["uniform", "normal", "gumbel"] as const) {
    const key = { ...KEY, distribution };
    gpu.submit((pass) => encodePhilox(pass, { out: many }, key));
    gpu.submit((pass) => {
      encodePhilox(pass, { out: few }, key);
      encodePhilox(pass, { out: again }, key);
    });
    const bits = await many.readU32();
    assert.deepEqual(await again.readU32(), bits);
    assert.deepEqual(await few.readU32(), bits.slice(0, 333));
  }
});

Deno.test("drawUniform() is spread evenly, and never 0 or 1", () => {
  const count = 100_000;
  const values = drawUniform(KEY, count);
  assert.ok(values.every((u) => u > 0 && u < 1 && Math.fround(u) === u));
  const bins = new Array<number>(20).fill(0);
  for (const u of values) bins[Math.floor(20 * u)]!++;
  const expected = count / bins.length;
  const chiSquare = bins.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
  // 99.9 % of samples of 19 degrees of freedom are below 43.8.
  assert.ok(chiSquare < 43.8, `chi-square is ${chiSquare}`);
});

Deno.test("drawUniform() gives unrelated numbers for other seeds, streams, steps and indices", () => {
  const count = 20_000;
  const values = drawUniform(KEY, count);
  const others = [
    drawUniform({ ...KEY, seed: KEY.seed + 1 }, count),
    drawUniform({ ...KEY, stream: KEY.stream + 1 }, count),
    drawUniform({ ...KEY, step: KEY.step + 1 }, count),
    drawUniform({ ...KEY, stream: KEY.step, step: KEY.stream }, count),
    drawUniform(KEY, count + 1).slice(1),
    drawUniform(KEY, count + 4).slice(4),
  ];
  for (const other of others) {
    let product = 0;
    for (let i = 0; i < count; i++) product += (values[i]! - 0.5) * (other[i]! - 0.5) * 12;
    // Four standard deviations of a mean of unrelated numbers.
    assert.ok(Math.abs(product / count) < 4 / Math.sqrt(count), `correlation ${product / count}`);
  }
});

Deno.test("drawUniform() names what is out of range", () => {
  assert.throws(
    () => drawUniform({ ...KEY, step: -1 }, 4),
    /Cannot draw random numbers: step must be an integer in \[0, 2\^32\), got -1/,
  );
});

gpuTest("encodeGumbel() equals -log(-log(u)) of the uniform numbers", async (gpu) => {
  const size = 40_001;
  using out = GpuTensor.zeros(gpu, [size], "out");
  gpu.submit((pass) => encodeGumbel(pass, { out }, KEY));
  const values = await out.read();
  assertAllClose(values, drawUniform(KEY, size).map((u) => -Math.log(-Math.log(u))));
  // Moments: Euler's constant and pi^2 / 6.
  const { mean, variance } = momentsOf(values);
  assert.ok(Math.abs(mean - 0.5772157) < 0.03, `mean ${mean}`);
  assert.ok(Math.abs(variance - Math.PI ** 2 / 6) < 0.06, `variance ${variance}`);
});

gpuTest("encodeNormal() equals Box-Muller of the uniform numbers", async (gpu) => {
  const size = 40_001;
  using out = GpuTensor.zeros(gpu, [size], "out");
  gpu.submit((pass) => encodeNormal(pass, { out }, KEY));
  const values = await out.read();
  const uniforms = drawUniform(KEY, size + 1);
  const expected = Float64Array.from({ length: size }, (_, i) => {
    const radius = Math.sqrt(-2 * Math.log(uniforms[i - i % 2]!));
    const angle = 2 * Math.PI * uniforms[i - i % 2 + 1]!;
    return radius * (i % 2 === 0 ? Math.cos(angle) : Math.sin(angle));
  });
  assertAllClose(values, expected);
  const { mean, variance, skewness, kurtosis } = momentsOf(values);
  assert.ok(Math.abs(mean) < 0.02, `mean ${mean}`);
  assert.ok(Math.abs(variance - 1) < 0.03, `variance ${variance}`);
  assert.ok(Math.abs(skewness) < 0.05, `skewness ${skewness}`);
  assert.ok(Math.abs(kurtosis - 3) < 0.1, `kurtosis ${kurtosis}`);
});

function momentsOf(values: Float32Array) {
  const meanOf = (f: (value: number) => number) =>
    values.reduce((sum, value) => sum + f(value), 0) / values.length;
  const mean = meanOf((value) => value);
  const variance = meanOf((value) => (value - mean) ** 2);
  const skewness = meanOf((value) => (value - mean) ** 3) / variance ** 1.5;
  const kurtosis = meanOf((value) => (value - mean) ** 4) / variance ** 2;
  return { mean, variance, skewness, kurtosis };
}

gpuTest("drawNormal() returns what encodeNormal() writes", async (gpu) => {
  using out = GpuTensor.zeros(gpu, [1, 4, 3, 2], "out");
  gpu.submit((pass) => encodeNormal(pass, { out }, KEY));
  assert.deepEqual(await drawNormal(gpu, [1, 4, 3, 2], KEY), await out.read());
});

Deno.test("seedWords() splits a seed of 64 bits; smaller ones keep the high word 0", () => {
  assert.deepEqual(seedWords(7), [7, 0]);
  assert.deepEqual(seedWords(2 ** 32 - 1), [0xffffffff, 0]);
  assert.deepEqual(seedWords(2 ** 32 + 5), [5, 1]);
  assert.deepEqual(seedWords(2n ** 64n - 2n), [0xfffffffe, 0xffffffff]);
  for (const seed of [-1, 0.5, 2 ** 64, 2n ** 64n, -1n]) {
    assert.throws(() => seedWords(seed), /seed must be an integer in \[0, 2\^64\)/, String(seed));
  }
});

gpuTest("encodePhilox() takes seeds of 64 bits, as drawUniform() does", async (gpu) => {
  const key = { seed: 2n ** 63n + 5n, stream: 1, step: 2 };
  using out = GpuTensor.zeros(gpu, [8], "numbers");
  gpu.submit((pass) => encodePhilox(pass, { out }, { ...key, distribution: "uniform" }));
  const drawn = [...await out.read()];
  assert.deepEqual(drawn, [...drawUniform(key, 8)]);
  assert.notDeepEqual(drawn, [...drawUniform({ ...key, seed: 5 }, 8)]);
});
