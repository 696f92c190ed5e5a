import assert from "node:assert/strict";
import {
  bilateral,
  BilateralLoss,
  type BilateralOptions,
} from "../../../kernels/loss/bilateral.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";
import { assertKernelStruct } from "../../support/assert_kernel_struct.ts";
import { readGolden } from "../../support/goldens.ts";
import { gpuTest } from "../../support/gpu_test.ts";
import { noiseImage } from "../../support/noise.ts";
import { numericalGradient } from "../../support/numerical_gradient.ts";
import { runImageLoss } from "../../support/run_image_loss.ts";

/** Gradients of means are small: about 1e-3. */
const SMALL = { atol: 1e-7, rtol: 1e-5 };

/**
 * The mean over offsets of the mean over pixels of spatial weight · exp(-d² / (2 σ²)) · d², where d
 * is the difference to the image rolled by the offset, in float64.
 */
function oracle(image: ArrayLike<number>, options: BilateralOptions): number {
  const { height, width, sigmaColor, sigmaSpace, maxDistance } = options;
  let total = 0, offsets = 0;
  for (let dy = -maxDistance; dy <= maxDistance; dy++) {
    for (let dx = -maxDistance; dx <= maxDistance; dx++) {
      if ((dx === 0 && dy === 0) || Math.abs(dx + dy) > maxDistance) continue;
      offsets++;
      let sum = 0, count = 0;
      for (let y = Math.max(0, dy); y < Math.min(height, height + dy); y++) {
        for (let x = Math.max(0, dx); x < Math.min(width, width + dx); x++) {
          const rolled = (y + dy + height) % height * width + (x + dx + width) % width;
          for (let c = 0; c < 3; c++) {
            const d = image[(y * width + x) * 3 + c]! - image[3 * rolled + c]!;
            sum += Math.exp(-(d ** 2) / (2 * sigmaColor ** 2)) * d ** 2;
            count++;
          }
        }
      }
      total += Math.exp(-(dx ** 2 + dy ** 2) / (2 * sigmaSpace ** 2)) * sum / count;
    }
  }
  return total / offsets;
}

Deno.test("bilateral lists the fields of its WGSL", () => assertKernelStruct(bilateral));

for (const tag of ["a", "b", "c"]) {
  gpuTest(`BilateralLoss equals SD-piXL, image ${tag}`, async (gpu) => {
    const golden = readGolden("losses");
    const image = golden.tensor(`${tag}.image`);
    const [height, width] = image.shape as [number, number];
    const options = { height, width, sigmaColor: 1, sigmaSpace: 1, maxDistance: 3 };
    using bilateralLoss = BilateralLoss.create(gpu, options);
    const { loss, gradient } = await runImageLoss(gpu, bilateralLoss, image);
    assertAllClose(loss, golden.tensor(`${tag}.bilateral.loss`).data);
    assertAllClose(gradient, golden.tensor(`${tag}.bilateral.grad`).data, SMALL);
  });
}

for (
  const [height, width, sigmaColor, sigmaSpace, maxDistance] of [
    [2, 2, 1, 1, 1],
    [3, 5, 0.2, 1.5, 2],
    [7, 4, 0.05, 3, 3],
    [5, 6, 100, 0.3, 4],
  ] as const
) {
  const name = `${height} x ${width}, ${sigmaColor}, ${sigmaSpace}, ${maxDistance}`;
  gpuTest(`BilateralLoss equals the oracle, ${name}`, async (gpu) => {
    const options = { height, width, sigmaColor, sigmaSpace, maxDistance };
    const image = noiseImage(height, width);
    using bilateralLoss = BilateralLoss.create(gpu, options);
    const { loss, gradient } = await runImageLoss(gpu, bilateralLoss, image);
    const expected = (values: ArrayLike<number>) => oracle(values, options);
    assertAllClose(loss, [expected(image.data)]);
    assertAllClose(gradient, numericalGradient(expected, image.data), SMALL);
  });
}

gpuTest(
  "BilateralLoss is 0 with the narrowest weights, and 0 where an image is flat",
  async (gpu) => {
    const size = { height: 6, width: 4, maxDistance: 2 };
    for (const [sigmaColor, sigmaSpace] of [[1e-40, 1], [1, 1e-40]] as const) {
      using bilateralLoss = BilateralLoss.create(gpu, { ...size, sigmaColor, sigmaSpace });
      const { loss, gradient } = await runImageLoss(gpu, bilateralLoss, noiseImage(6, 4));
      assert([...loss, ...gradient].every((value) => value === 0));
    }
    using bilateralLoss = BilateralLoss.create(gpu, { ...size, sigmaColor: 1, sigmaSpace: 1 });
    const flat = { data: new Float32Array(72).fill(0.7), shape: [6, 4, 3] };
    const { loss, gradient } = await runImageLoss(gpu, bilateralLoss, flat);
    assert([...loss, ...gradient].every((value) => value === 0));
  },
);

gpuTest("BilateralLoss refuses distances beyond the image", (gpu) => {
  const options = { height: 4, width: 6, sigmaColor: 1, sigmaSpace: 1 };
  for (const maxDistance of [0, 1.5, 4]) {
    assert.throws(() => BilateralLoss.create(gpu, { ...options, maxDistance }), {
      name: "RangeError",
      message:
        `Cannot create the bilateral loss of 4 x 6 pixels: expected a distance from 1 to 3, ` +
        `got ${maxDistance}`,
    });
  }
});
