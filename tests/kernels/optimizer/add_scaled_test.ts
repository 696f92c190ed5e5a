import assert from "node:assert/strict";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { addScaled, encodeAddScaled } from "../../../kernels/optimizer/add_scaled.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";
import { assertKernelStruct } from "../../support/assert_kernel_struct.ts";
import { gpuTest } from "../../support/gpu_test.ts";

Deno.test("addScaled lists the fields of its WGSL", () => assertKernelStruct(addScaled));

gpuTest("encodeAddScaled() adds each time it is recorded", async (gpu) => {
  const values = Float32Array.from({ length: 5 * 7 * 3 }, (_, i) => Math.sin(i * i));
  using x = GpuTensor.from(gpu, values, [5, 7, 3], "x");
  using y = GpuTensor.from(gpu, values.map((value) => value * value), [5, 7, 3], "y");
  gpu.submit((pass) => {
    encodeAddScaled(pass, { x, y }, { scale: 2.5 });
    encodeAddScaled(pass, { x, y }, { scale: -0.25 });
  });
  assertAllClose(await y.read(), Array.from(values, (value) => value * value + 2.25 * value));
  assert.deepEqual(await x.read(), values);
});

gpuTest("encodeAddScaled() names sizes that differ", (gpu) => {
  using x = GpuTensor.zeros(gpu, [5], "x");
  using y = GpuTensor.zeros(gpu, [4], "y");
  assert.throws(
    () => gpu.submit((pass) => encodeAddScaled(pass, { x, y }, { scale: 1 })),
    /Cannot encode scaled sum: expected "x" of 4 values, got \[5\]/,
  );
});
