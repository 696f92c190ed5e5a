import assert from "node:assert/strict";
import { encodeGumbelSoftmax, gumbelSoftmax } from "../../../kernels/generator/gumbel_softmax.ts";
import { encodeSoftmax, softmax } from "../../../kernels/generator/softmax.ts";
import {
  encodeSoftmaxBackward,
  softmaxBackward,
} from "../../../kernels/generator/softmax_backward.ts";
import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";
import { assertKernelStruct } from "../../support/assert_kernel_struct.ts";
import { gpuTest } from "../../support/gpu_test.ts";

interface Case {
  readonly shape: readonly [number, number, number];
  readonly tau: number;
  /** Spread of the logits. */
  readonly scale: number;
}

const CASES: readonly Case[] = [
  { shape: [7, 5, 3], tau: 0.73, scale: 3 },
  { shape: [3, 5, 4], tau: 0.01, scale: 3 },
  { shape: [1, 3, 1024], tau: 1, scale: 5 },
  { shape: [5, 3, 1], tau: 1.5, scale: 1 },
  // Exponentials of these overflow unless the maximum is subtracted.
  { shape: [3, 5, 7], tau: 1, scale: 1e4 },
];

function oracle(logits: Float64Array, classes: number, tau: number): Float64Array {
  const probs = new Float64Array(logits.length);
  for (let start = 0; start < logits.length; start += classes) {
    const row = logits.subarray(start, start + classes);
    const max = row.reduce((a, b) => Math.max(a, b));
    const powers = row.map((x) => Math.exp((x - max) / tau));
    const sum = powers.reduce((a, b) => a + b);
    probs.set(powers.map((power) => power / sum), start);
  }
  return probs;
}

/** Values that spread over [-scale, scale], exact in 32-bit floats and in their sums with noise. */
function valuesOf(size: number, scale: number, seed: number): Float32Array<ArrayBuffer> {
  const unit = 2 ** Math.ceil(Math.log2(scale)) / 2 ** 12;
  return Float32Array.from(
    { length: size },
    (_, i) => Math.round(Math.sin(i * 12.9898 + seed * 78.233 + i * i) * scale / unit) * unit,
  );
}

function sizeOf([height, width, classes]: Case["shape"]): number {
  return height * width * classes;
}

async function runSoftmax(gpu: Gpu, { shape, tau, scale }: Case) {
  const values = valuesOf(sizeOf(shape), scale, 1);
  using logits = GpuTensor.from(gpu, values, shape, "logits");
  using probs = GpuTensor.zeros(gpu, shape, "probs");
  gpu.submit((pass) => encodeSoftmax(pass, { logits, probs }, { tau }));
  return { values: Float64Array.from(values), probs: await probs.read() };
}

Deno.test("softmax, gumbelSoftmax and softmaxBackward list the fields of their WGSL", () => {
  for (const kernel of [softmax, gumbelSoftmax, softmaxBackward]) assertKernelStruct(kernel);
});

gpuTest(
  "encodeSoftmax() equals the oracle, up to 1024 classes and down to tau 0.01",
  async (gpu) => {
    for (const example of CASES) {
      const { values, probs } = await runSoftmax(gpu, example);
      assertAllClose(probs, oracle(values, example.shape[2], example.tau));
    }
  },
);

gpuTest("encodeGumbelSoftmax() equals the oracle", async (gpu) => {
  for (const { shape, tau, scale } of CASES) {
    const values = valuesOf(sizeOf(shape), scale, 1);
    const noises = valuesOf(sizeOf(shape), scale, 2);
    using logits = GpuTensor.from(gpu, values, shape, "logits");
    using noise = GpuTensor.from(gpu, noises, shape, "noise");
    using probs = GpuTensor.zeros(gpu, shape, "probs");
    gpu.submit((pass) => encodeGumbelSoftmax(pass, { logits, noise, probs }, { tau }));
    const sums = Float64Array.from(values, (value, i) => value + noises[i]!);
    assertAllClose(await probs.read(), oracle(sums, shape[2], tau));
  }
});

gpuTest("encodeSoftmaxBackward() equals central differences of the oracle", async (gpu) => {
  for (const { shape, tau } of CASES.slice(0, 2)) {
    const classes = shape[2];
    // Logits near each other, so that no probability is 0 at a low temperature.
    const logits = Float64Array.from(valuesOf(sizeOf(shape), tau, 1));
    const gradients = valuesOf(sizeOf(shape), 1, 3);
    const loss = (x: Float64Array) =>
      oracle(x, classes, tau).reduce((sum, p, i) => sum + p * gradients[i]!, 0);
    const h = 1e-5 * tau;
    const expected = logits.map((x, i) =>
      (loss(logits.with(i, x + h)) - loss(logits.with(i, x - h))) / (2 * h)
    );
    const values = Float32Array.from(oracle(logits, classes, tau));
    using probs = GpuTensor.from(gpu, values, shape, "probs");
    using gradProbs = GpuTensor.from(gpu, gradients, shape, "grad_probs");
    using gradLogits = GpuTensor.zeros(gpu, shape, "grad_logits");
    gpu.submit((pass) => encodeSoftmaxBackward(pass, { probs, gradProbs, gradLogits }, { tau }));
    // Gradients grow as 1 / tau, and their rounding with them.
    assertAllClose(await gradLogits.read(), expected, { atol: 1e-5, rtol: 1e-5 });
  }
});

gpuTest("encodeSoftmax() names what does not fit", (gpu) => {
  using logits = GpuTensor.zeros(gpu, [2, 3, 4], "logits");
  using probs = GpuTensor.zeros(gpu, [2, 3, 3], "probs");
  using same = GpuTensor.zeros(gpu, [2, 3, 4], "same");
  assert.throws(
    () => gpu.submit((pass) => encodeSoftmax(pass, { logits, probs }, { tau: 1 })),
    /Cannot encode softmax: expected "probs" of 24 values, got \[2, 3, 3\]/,
  );
  assert.throws(
    () => gpu.submit((pass) => encodeSoftmax(pass, { logits, probs: same }, { tau: 0 })),
    /Cannot encode softmax: expected tau above 0, got 0/,
  );
});
