import assert from "node:assert/strict";
import { encodeHorizontalFlip, horizontalFlip } from "../../../kernels/augment/horizontal_flip.ts";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { assertKernelStruct } from "../../support/assert_kernel_struct.ts";
import { gpuTest } from "../../support/gpu_test.ts";

Deno.test("horizontalFlip lists the fields of its WGSL", () => assertKernelStruct(horizontalFlip));

gpuTest("encodeHorizontalFlip() mirrors each row; two flips are the identity", async (gpu) => {
  const values = Float32Array.from({ length: 3 * 4 * 5 }, (_, i) => i);
  using image = GpuTensor.from(gpu, values, [1, 3, 4, 5], "image");
  using out = GpuTensor.zeros(gpu, image.shape, "out");
  using back = GpuTensor.zeros(gpu, image.shape, "back");
  gpu.submit((pass) => {
    encodeHorizontalFlip(pass, { image, out });
    encodeHorizontalFlip(pass, { image: out, out: back });
  });
  const expected = values.map((_, i) => Math.floor(i / 5) * 5 + 4 - i % 5);
  assert.deepEqual(await out.read(), expected);
  assert.deepEqual(await back.read(), values);
});
