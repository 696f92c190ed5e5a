import assert from "node:assert/strict";
import { encodeGrayscale, grayscale } from "../../../kernels/augment/grayscale.ts";
import {
  encodeGrayscaleBackward,
  grayscaleBackward,
} from "../../../kernels/augment/grayscale_backward.ts";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";
import { assertKernelStruct } from "../../support/assert_kernel_struct.ts";
import { readGolden } from "../../support/goldens.ts";
import { gpuTest } from "../../support/gpu_test.ts";

// Source: torchvision.transforms.functional.rgb_to_grayscale.
const WEIGHTS = [0.2989, 0.587, 0.114] as const;

function oracle(image: ArrayLike<number>): number[] {
  const pixels = image.length / 3;
  return Array.from(
    { length: image.length },
    (_, i) => WEIGHTS.reduce((sum, weight, c) => sum + weight * image[c * pixels + i % pixels]!, 0),
  );
}

function oracleBackward(gradOut: ArrayLike<number>): number[] {
  const pixels = gradOut.length / 3;
  return Array.from({ length: gradOut.length }, (_, i) =>
    WEIGHTS[Math.floor(i / pixels)]! *
    [0, 1, 2].reduce((sum, c) => sum + gradOut[c * pixels + i % pixels]!, 0));
}

Deno.test("grayscale and its backward list the fields of their WGSL", () => {
  assertKernelStruct(grayscale);
  assertKernelStruct(grayscaleBackward);
});

gpuTest("encodeGrayscale() and its backward equal the oracle", async (gpu) => {
  const values = Float32Array.from({ length: 3 * 7 * 5 }, (_, i) => Math.sin(7 * i * i));
  using image = GpuTensor.from(gpu, values, [1, 3, 7, 5], "image");
  using out = GpuTensor.zeros(gpu, image.shape, "out");
  using gradImage = GpuTensor.zeros(gpu, image.shape, "grad_image");
  gpu.submit((pass) => {
    encodeGrayscale(pass, { image, out });
    encodeGrayscaleBackward(pass, { gradOut: image, gradImage });
  });
  assertAllClose(await out.read(), oracle(values));
  assertAllClose(await gradImage.read(), oracleBackward(values));
});

gpuTest("encodeGrayscale() and its backward equal torchvision", async (gpu) => {
  const golden = readGolden("augment");
  const { data, shape } = golden.tensor("augment.image");
  const gradients = golden.tensor("augment.grayscale.grad_out").data;
  using image = GpuTensor.from(gpu, data, shape, "image");
  using gradOut = GpuTensor.from(gpu, gradients, shape, "grad_out");
  using out = GpuTensor.zeros(gpu, shape, "out");
  using gradImage = GpuTensor.zeros(gpu, shape, "grad_image");
  gpu.submit((pass) => {
    encodeGrayscale(pass, { image, out });
    encodeGrayscaleBackward(pass, { gradOut, gradImage });
  });
  assertAllClose(await out.read(), golden.tensor("augment.grayscale.out").data);
  assertAllClose(await gradImage.read(), golden.tensor("augment.grayscale.grad_image").data);
});

gpuTest("encodeGrayscale() names a shape that does not fit", (gpu) => {
  using image = GpuTensor.zeros(gpu, [1, 3, 4, 5], "image");
  using out = GpuTensor.zeros(gpu, [1, 3, 5, 4], "out");
  assert.throws(
    () => gpu.submit((pass) => encodeGrayscale(pass, { image, out })),
    /Cannot encode grayscale: expected "out" of shape \[1, 3, 4, 5\], got \[1, 3, 5, 4\]/,
  );
});
