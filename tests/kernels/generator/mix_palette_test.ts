import assert from "node:assert/strict";
import { encodeMixPalette, mixPalette } from "../../../kernels/generator/mix_palette.ts";
import {
  encodeMixPaletteBackward,
  mixPaletteBackward,
} from "../../../kernels/generator/mix_palette_backward.ts";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";
import { assertKernelStruct } from "../../support/assert_kernel_struct.ts";
import { gpuTest } from "../../support/gpu_test.ts";

const PIXELS = 7 * 5;
const CLASSES = 4;

function oracle(probs: ArrayLike<number>, palette: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: PIXELS * 3 }, (_, i) => {
    let sum = 0;
    for (let k = 0; k < CLASSES; k++) {
      sum += probs[Math.floor(i / 3) * CLASSES + k]! * palette[3 * k + i % 3]!;
    }
    return sum;
  });
}

function valuesOf(size: number, seed: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: size }, (_, i) => Math.abs(Math.sin(i * i + 7 * i + seed)));
}

Deno.test("mixPalette and its backward list the fields of their WGSL", () => {
  assertKernelStruct(mixPalette);
  assertKernelStruct(mixPaletteBackward);
});

gpuTest("encodeMixPalette() and its backward equal the oracle", async (gpu) => {
  const values = valuesOf(PIXELS * CLASSES, 1);
  const colors = valuesOf(CLASSES * 3, 2);
  const gradients = valuesOf(PIXELS * 3, 3);
  using probs = GpuTensor.from(gpu, values, [7, 5, CLASSES], "probs");
  using palette = GpuTensor.from(gpu, colors, [CLASSES, 3], "palette");
  using gradImage = GpuTensor.from(gpu, gradients, [7, 5, 3], "grad_image");
  using image = GpuTensor.zeros(gpu, [7, 5, 3], "image");
  using gradProbs = GpuTensor.zeros(gpu, probs.shape, "grad_probs");
  gpu.submit((pass) => {
    encodeMixPalette(pass, { probs, palette, image });
    encodeMixPaletteBackward(pass, { gradImage, palette, gradProbs });
  });
  assertAllClose(await image.read(), oracle(values, colors));
  const loss = (x: Float64Array) =>
    oracle(x, colors).reduce((sum, value, i) => sum + value * gradients[i]!, 0);
  // The map is linear, so the difference over a whole unit is its gradient.
  const x = Float64Array.from(values);
  assertAllClose(
    await gradProbs.read(),
    x.map((value, i) => loss(x.with(i, value + 1)) - loss(x)),
  );
});

gpuTest("encodeMixPalette() names a size that does not fit", (gpu) => {
  using probs = GpuTensor.zeros(gpu, [2, 3, 4], "probs");
  using palette = GpuTensor.zeros(gpu, [5, 3], "palette");
  using image = GpuTensor.zeros(gpu, [2, 3, 3], "image");
  assert.throws(
    () => gpu.submit((pass) => encodeMixPalette(pass, { probs, palette, image })),
    /Cannot encode mix of colors: expected "palette" of 12 values, got \[5, 3\]/,
  );
});
