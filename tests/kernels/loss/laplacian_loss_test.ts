import assert from "node:assert/strict";
import type { LossMode } from "../../../kernels/loss/image_loss.ts";
import { laplacian } from "../../../kernels/loss/laplacian.ts";
import { laplacianBackward } from "../../../kernels/loss/laplacian_backward.ts";
import { LaplacianLoss } from "../../../kernels/loss/laplacian_loss.ts";
import { laplacianWeights } from "../../../kernels/loss/laplacian_weights.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";
import { assertKernelStruct } from "../../support/assert_kernel_struct.ts";
import { readGolden } from "../../support/goldens.ts";
import { gpuTest } from "../../support/gpu_test.ts";
import { noiseImage } from "../../support/noise.ts";
import { numericalGradient } from "../../support/numerical_gradient.ts";
import { runImageLoss } from "../../support/run_image_loss.ts";

/** Gradients of means are small: about 1e-3. */
const SMALL = { atol: 1e-7, rtol: 1e-5 };

const MODES: readonly LossMode[] = ["l1", "l2"];

/** Options of the oracle. */
interface OracleOptions {
  readonly shape: readonly number[];
  readonly kernelSize: number;
  readonly sigma: number;
  readonly mode: LossMode;
}

/** The mean of |G * image - image|, or of its square; G is a Gaussian without its middle. */
function oracle(
  image: ArrayLike<number>,
  { shape, kernelSize, sigma, mode }: OracleOptions,
): number {
  const [height, width] = shape as [number, number];
  const radius = (kernelSize - 1) / 2;
  const mirror = (i: number, size: number) => i < 0 ? -i : i >= size ? 2 * size - 2 - i : i;
  let sum = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) {
        let mean = 0, norm = 0;
        for (let dy = -radius; dy <= radius; dy++) {
          for (let dx = -radius; dx <= radius; dx++) {
            if (dy === 0 && dx === 0) continue;
            const weight = Math.exp(-(dx * dx + dy * dy) / (2 * sigma * sigma));
            norm += weight;
            mean += weight *
              image[(mirror(y + dy, height) * width + mirror(x + dx, width)) * 3 + c]!;
          }
        }
        const difference = Math.abs(mean / norm - image[(y * width + x) * 3 + c]!);
        sum += mode === "l1" ? difference : difference ** 2;
      }
    }
  }
  return sum / (3 * height * width);
}

Deno.test("the kernels of the Laplacian loss list the fields of their WGSL", () => {
  for (const kernel of [laplacian, laplacianBackward]) assertKernelStruct(kernel);
});

Deno.test("laplacianWeights() sums to 0 for each sigma", () => {
  for (const [kernelSize, sigma] of [[3, 0.75], [5, 0.01], [31, 10]] as const) {
    const weights = laplacianWeights(kernelSize, sigma);
    assertAllClose([weights.reduce((a, b) => a + b)], [0], { atol: 1e-6 });
    assert.equal(weights[(kernelSize * kernelSize - 1) / 2], -1);
  }
  assertAllClose(laplacianWeights(3, 0.01), [0, 0.25, 0, 0.25, -1, 0.25, 0, 0.25, 0]);
});

for (const mode of MODES) {
  for (const tag of ["a", "b", "c"]) {
    gpuTest(`LaplacianLoss equals SD-piXL in ${mode}, image ${tag}`, async (gpu) => {
      const golden = readGolden("losses");
      const image = golden.tensor(`${tag}.image`);
      const [height, width] = image.shape as [number, number];
      const options = { height, width, kernelSize: 5, sigma: 0.75, mode };
      using laplacianLoss = LaplacianLoss.create(gpu, options);
      const { loss, gradient } = await runImageLoss(gpu, laplacianLoss, image);
      assertAllClose(loss, golden.tensor(`${tag}.laplacian_${mode}.loss`).data);
      assertAllClose(gradient, golden.tensor(`${tag}.laplacian_${mode}.grad`).data, SMALL);
    });
  }

  for (
    const [height, width, kernelSize, sigma] of [
      [2, 2, 3, 1],
      [3, 5, 5, 0.4],
      [4, 7, 7, 1.5],
      [6, 5, 9, 10],
    ] as const
  ) {
    const name = `${height} x ${width}, kernel size ${kernelSize}, sigma ${sigma}`;
    gpuTest(`LaplacianLoss equals the oracle in ${mode}, ${name}`, async (gpu) => {
      const image = noiseImage(height, width);
      const options = { height, width, kernelSize, sigma, mode };
      using laplacianLoss = LaplacianLoss.create(gpu, options);
      const { loss, gradient } = await runImageLoss(gpu, laplacianLoss, image);
      const expected = (values: ArrayLike<number>) =>
        oracle(values, { ...options, shape: image.shape });
      assertAllClose(loss, [expected(image.data)]);
      assertAllClose(gradient, numericalGradient(expected, image.data), SMALL);
    });
  }
}

gpuTest("LaplacianLoss has no gradient where an image is flat", async (gpu) => {
  const data = new Float32Array(3 * 6 * 4).fill(0.7);
  for (const mode of MODES) {
    const options = { height: 6, width: 4, kernelSize: 5, sigma: 0.75, mode };
    using laplacianLoss = LaplacianLoss.create(gpu, options);
    const { loss, gradient } = await runImageLoss(gpu, laplacianLoss, { data, shape: [6, 4, 3] });
    assert([...loss, ...gradient].every((value) => value === 0));
  }
});

gpuTest("LaplacianLoss refuses kernel sizes that are even or too large", (gpu) => {
  for (const kernelSize of [1, 4, 9, 2.5]) {
    assert.throws(
      () => LaplacianLoss.create(gpu, { height: 4, width: 6, kernelSize, sigma: 1, mode: "l1" }),
      {
        name: "RangeError",
        message:
          `Cannot create the Laplacian loss of 4 x 6 pixels: expected an odd kernel size from 3 to ` +
          `7, got ${kernelSize}`,
      },
    );
  }
});
