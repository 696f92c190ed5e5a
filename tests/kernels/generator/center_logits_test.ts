import assert from "node:assert/strict";
import { centerLogits, encodeCenterLogits } from "../../../kernels/generator/center_logits.ts";
import { encodeNormalize, normalize } from "../../../kernels/generator/normalize.ts";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";
import { assertKernelStruct } from "../../support/assert_kernel_struct.ts";
import { gpuTest } from "../../support/gpu_test.ts";

const SHAPE = [7, 3, 5] as const;
const CLASSES = SHAPE[2];
const VALUES = Float32Array.from({ length: 7 * 3 * 5 }, (_, i) => 3 * Math.sin(i * i + i) + 1);

function mapPixels(change: (pixel: Float64Array) => Float64Array): Float64Array {
  const values = Float64Array.from(VALUES);
  for (let start = 0; start < values.length; start += CLASSES) {
    values.set(change(values.slice(start, start + CLASSES)), start);
  }
  return values;
}

Deno.test("center_logits and normalize list the fields of their WGSL", () => {
  assertKernelStruct(centerLogits);
  assertKernelStruct(normalize);
});

gpuTest("encodeCenterLogits() subtracts the mean of each pixel", async (gpu) => {
  using logits = GpuTensor.from(gpu, VALUES, SHAPE, "logits");
  gpu.submit((pass) => encodeCenterLogits(pass, { logits }));
  const expected = mapPixels((pixel) => {
    const mean = pixel.reduce((a, b) => a + b) / CLASSES;
    return pixel.map((value) => value - mean);
  });
  assertAllClose(await logits.read(), expected);
});

gpuTest("encodeNormalize() gives each pixel one norm", async (gpu) => {
  using logits = GpuTensor.from(gpu, VALUES, SHAPE, "logits");
  gpu.submit((pass) => encodeNormalize(pass, { logits }, { norm: 2.5 }));
  const expected = mapPixels((pixel) => {
    const norm = Math.hypot(...pixel);
    return pixel.map((value) => 2.5 * value / norm);
  });
  assertAllClose(await logits.read(), expected);
});

gpuTest("encodeNormalize() leaves zeros as they are", async (gpu) => {
  using logits = GpuTensor.from(gpu, Float32Array.of(0, 0, 3, 4), [1, 2, 2], "logits");
  gpu.submit((pass) => encodeNormalize(pass, { logits }, { norm: 1 }));
  assertAllClose(await logits.read(), [0, 0, 0.6, 0.8]);
});

gpuTest("encodeCenterLogits() refuses logits without classes", (gpu) => {
  using logits = GpuTensor.zeros(gpu, [2, 3, 0], "logits");
  assert.throws(
    () => gpu.submit((pass) => encodeCenterLogits(pass, { logits })),
    /Cannot center logits: expected "logits" of shape \[H, W, K\], got \[2, 3, 0\]/,
  );
});
