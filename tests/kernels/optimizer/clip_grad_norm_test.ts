import assert from "node:assert/strict";
import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { clipGradNorm, encodeClipGradNorm } from "../../../kernels/optimizer/clip_grad_norm.ts";
import { encodeGradNorm, gradNorm } from "../../../kernels/optimizer/grad_norm.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";
import { assertKernelStruct } from "../../support/assert_kernel_struct.ts";
import { gpuTest } from "../../support/gpu_test.ts";

async function runClip(gpu: Gpu, values: Float32Array, maxNorm: number) {
  using grad = GpuTensor.from(gpu, values, [values.length], "grad");
  using norm = GpuTensor.zeros(gpu, [1], "norm");
  gpu.submit((pass) => {
    encodeGradNorm(pass, { grad, norm });
    encodeClipGradNorm(pass, { grad, norm }, { maxNorm });
  });
  return { grad: await grad.read(), norm: (await norm.read())[0]! };
}

Deno.test("gradNorm and clipGradNorm list the fields of their WGSL", () => {
  assertKernelStruct(gradNorm);
  assertKernelStruct(clipGradNorm);
});

gpuTest("encodeClipGradNorm() equals the oracle at every remainder of a workgroup", async (gpu) => {
  for (const size of [1, 63, 64, 65, 255, 256, 257, 70_001]) {
    const values = Float32Array.from({ length: size }, (_, i) => Math.sin(i * i + 1));
    const expected = Math.sqrt(values.reduce((sum, x) => sum + x * x, 0));
    const { grad, norm } = await runClip(gpu, values, 0.5);
    // Norms reach 187; of 32-bit floats, that is ten units in the last place.
    assertAllClose([norm], [expected], { atol: 0, rtol: 1e-6 });
    assertAllClose(grad, Array.from(values, (x) => x * Math.min(1, 0.5 / (expected + 1e-6))));
  }
});

gpuTest("encodeClipGradNorm() leaves a small gradient and zeros as they are", async (gpu) => {
  const values = Float32Array.of(0.3, 0, -0.4);
  const small = await runClip(gpu, values, 1);
  assert.deepEqual(small.grad, values);
  assertAllClose([small.norm], [0.5]);
  const zero = await runClip(gpu, new Float32Array(5), 1);
  assert.deepEqual([...zero.grad, zero.norm], [0, 0, 0, 0, 0, 0]);
});

gpuTest("encodeClipGradNorm() gives the same bits twice", async (gpu) => {
  const values = Float32Array.from({ length: 30_011 }, (_, i) => Math.sin(i * i) * 10 ** (i % 7));
  const first = await runClip(gpu, values, 1);
  const second = await runClip(gpu, values, 1);
  assert.equal(first.norm, second.norm);
  assert.deepEqual(first.grad, second.grad);
});

gpuTest("encodeClipGradNorm() names what does not fit", (gpu) => {
  using grad = GpuTensor.zeros(gpu, [4], "grad");
  using norm = GpuTensor.zeros(gpu, [2], "norm");
  assert.throws(
    () => gpu.submit((pass) => encodeGradNorm(pass, { grad, norm })),
    /Cannot encode norm of gradient: expected "norm" of 1 values, got \[2\]/,
  );
  assert.throws(
    () => gpu.submit((pass) => encodeClipGradNorm(pass, { grad, norm }, { maxNorm: 1 })),
    /Cannot clip the gradient: expected "norm" of 1 values, got \[2\]/,
  );
  assert.throws(
    () => gpu.submit((pass) => encodeClipGradNorm(pass, { grad, norm }, { maxNorm: 0 })),
    /Cannot clip the gradient: expected maxNorm above 0, got 0/,
  );
});
