import assert from "node:assert/strict";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { addNoise, encodeAddNoise } from "../../../kernels/guidance/add_noise.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";
import { assertKernelStruct } from "../../support/assert_kernel_struct.ts";
import { readGolden } from "../../support/goldens.ts";
import { gpuTest } from "../../support/gpu_test.ts";

function oracle(latents: ArrayLike<number>, noise: ArrayLike<number>, a: number): Float64Array {
  return Float64Array.from(latents, (x, i) => Math.sqrt(a) * x + Math.sqrt(1 - a) * noise[i]!);
}

Deno.test("addNoise lists the fields of its WGSL", () => assertKernelStruct(addNoise));

gpuTest("encodeAddNoise() equals the oracle in each row", async (gpu) => {
  const golden = readGolden("sds_step");
  const a = readGolden("schedulers").tensor("alphas_cumprod").data[
    golden.tensor("timestep").data[0]!
  ]!;
  const { data: values, shape } = golden.tensor("latents");
  const noises = golden.tensor("noise").data;
  using latents = GpuTensor.from(gpu, values, shape, "latents");
  using noise = GpuTensor.from(gpu, noises, shape, "noise");
  const row = [...oracle(values, noises, a)];
  for (const rows of [1, 2, 3]) {
    using noisy = GpuTensor.zeros(gpu, [rows, ...shape.slice(1)], "noisy");
    gpu.submit((pass) => encodeAddNoise(pass, { latents, noise, noisy }, { alphaCumprod: a }));
    assertAllClose(await noisy.read(), Array.from({ length: rows }, () => row).flat());
  }
});

gpuTest("encodeAddNoise() goes from latents to noise", async (gpu) => {
  using latents = GpuTensor.from(gpu, Float32Array.of(1, 2, 3), [1, 1, 1, 3], "latents");
  using noise = GpuTensor.from(gpu, Float32Array.of(-4, 5, 6), [1, 1, 1, 3], "noise");
  using noisy = GpuTensor.zeros(gpu, [1, 1, 1, 3], "noisy");
  for (const [alphaCumprod, expected] of [[1, [1, 2, 3]], [0, [-4, 5, 6]]] as const) {
    gpu.submit((pass) => encodeAddNoise(pass, { latents, noise, noisy }, { alphaCumprod }));
    assert.deepEqual([...await noisy.read()], expected);
  }
});

gpuTest("encodeAddNoise() names what does not fit", (gpu) => {
  using latents = GpuTensor.zeros(gpu, [1, 4, 2, 3], "latents");
  using noise = GpuTensor.zeros(gpu, [1, 4, 2, 3], "noise");
  using noisy = GpuTensor.zeros(gpu, [30], "noisy");
  assert.throws(
    () =>
      gpu.submit((pass) => encodeAddNoise(pass, { latents, noise, noisy }, { alphaCumprod: 1 })),
    /Cannot encode added noise: expected "noisy" of 24 values, got \[30\]/,
  );
  using right = GpuTensor.zeros(gpu, [2, 4, 2, 3], "right");
  const tensors = { latents, noise, noisy: right };
  assert.throws(
    () => gpu.submit((pass) => encodeAddNoise(pass, tensors, { alphaCumprod: 1.5 })),
    /alphaCumprod must be in \[0, 1\], got 1.5/,
  );
});
