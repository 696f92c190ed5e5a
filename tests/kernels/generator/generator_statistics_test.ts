import assert from "node:assert/strict";
import {
  encodeGeneratorStatistics,
  generatorStatistics,
} from "../../../kernels/generator/generator_statistics.ts";
import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";
import { assertKernelStruct } from "../../support/assert_kernel_struct.ts";
import { gpuTest } from "../../support/gpu_test.ts";

async function runStatistics(gpu: Gpu, values: Float32Array, shape: readonly number[]) {
  const [height, width] = shape as [number, number];
  using probs = GpuTensor.from(gpu, values, shape, "probs");
  using variance = GpuTensor.zeros(gpu, [height, width], "variance");
  using entropy = GpuTensor.zeros(gpu, [height, width], "entropy");
  using maxProbability = GpuTensor.zeros(gpu, [height, width], "max_probability");
  gpu.submit((pass) =>
    encodeGeneratorStatistics(pass, { probs, variance, entropy, maxProbability })
  );
  return {
    variance: await variance.read(),
    entropy: await entropy.read(),
    maxProbability: await maxProbability.read(),
  };
}

Deno.test("generator_statistics lists the fields of its WGSL", () =>
  assertKernelStruct(generatorStatistics));

gpuTest("encodeGeneratorStatistics() equals the oracle", async (gpu) => {
  const [pixels, classes] = [7 * 3, 5];
  const rows = Array.from({ length: pixels }, (_, p) => {
    const powers = Array.from({ length: classes }, (_, k) => Math.exp(3 * Math.sin(p * p + 5 * k)));
    const sum = powers.reduce((a, b) => a + b);
    return powers.map((power) => power / sum);
  });
  const actual = await runStatistics(gpu, Float32Array.from(rows.flat()), [7, 3, classes]);
  const mean = 1 / classes;
  assertAllClose(
    actual.variance,
    rows.map((row) => row.reduce((sum, p) => sum + (p - mean) ** 2, 0) / classes),
  );
  assertAllClose(actual.entropy, rows.map((row) => -row.reduce((s, p) => s + p * Math.log(p), 0)));
  assertAllClose(actual.maxProbability, rows.map((row) => Math.max(...row)));
});

gpuTest("encodeGeneratorStatistics() adds no entropy for classes of probability 0", async (gpu) => {
  // 1e-45 is the smallest float above 0.
  const values = Float32Array.of(1, 0, 0, 0, 0.5, 0.5, 0, 1e-45);
  const actual = await runStatistics(gpu, values, [1, 2, 4]);
  assertAllClose(actual.entropy, [0, Math.log(2)]);
  assertAllClose(actual.variance, [3 / 16, 1 / 16]);
  assert.deepEqual([...actual.maxProbability], [1, 0.5]);
});
