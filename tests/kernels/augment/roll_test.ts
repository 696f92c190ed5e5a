import assert from "node:assert/strict";
import { encodeRoll, roll } from "../../../kernels/augment/roll.ts";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { assertKernelStruct } from "../../support/assert_kernel_struct.ts";
import { gpuTest } from "../../support/gpu_test.ts";

Deno.test("roll lists the fields of its WGSL", () => assertKernelStruct(roll));

gpuTest(
  "encodeRoll() moves pixels around the borders; the opposite shift undoes it",
  async (gpu) => {
    const values = Float32Array.from({ length: 3 * 4 * 5 }, (_, i) => i);
    using image = GpuTensor.from(gpu, values, [1, 3, 4, 5], "image");
    using out = GpuTensor.zeros(gpu, image.shape, "out");
    using back = GpuTensor.zeros(gpu, image.shape, "back");
    gpu.submit((pass) => {
      encodeRoll(pass, { image, out }, { y: 1, x: -7 });
      encodeRoll(pass, { image: out, out: back }, { y: -1, x: 7 });
    });
    const expected = values.map((_, i) => {
      const [plane, y, x] = [Math.floor(i / 20), Math.floor(i / 5) % 4, i % 5];
      return plane * 20 + (y + 3) % 4 * 5 + (x + 7) % 5;
    });
    assert.deepEqual(await out.read(), expected);
    assert.deepEqual(await back.read(), values);
  },
);
