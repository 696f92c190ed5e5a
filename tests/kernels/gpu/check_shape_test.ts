import assert from "node:assert/strict";
import { checkShape, checkSize } from "../../../kernels/gpu/check_shape.ts";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { gpuTest } from "../../support/gpu_test.ts";

gpuTest("checkShape() takes numbers and named dimensions", (gpu) => {
  using image = GpuTensor.zeros(gpu, [5, 4, 3], "image");
  checkShape(image, [5, 4, 3], "test");
  checkShape(image, ["H", "W", 3], "test");
  for (const expected of [[5, 4], [5, 4, 3, 1], ["H", "W", 4], [4, 5, 3]]) {
    assert.throws(() => checkShape(image, expected, "test"), {
      name: "RangeError",
      message: `Cannot test: expected "image" of shape [${expected.join(", ")}], got [5, 4, 3]`,
    });
  }
  using empty = GpuTensor.zeros(gpu, [0, 4, 3], "empty");
  assert.throws(() => checkShape(empty, ["H", "W", 3], "test"), /\[H, W, 3\], got \[0, 4, 3\]$/);
});

gpuTest("checkSize() takes any shape of the size", (gpu) => {
  using tensor = GpuTensor.zeros(gpu, [2, 3], "tensor");
  checkSize(tensor, 6, "test");
  assert.throws(() => checkSize(tensor, 5, "test"), {
    name: "RangeError",
    message: 'Cannot test: expected "tensor" of 5 values, got [2, 3]',
  });
});
