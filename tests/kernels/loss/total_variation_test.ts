import assert from "node:assert/strict";
import { totalVariation, TotalVariationLoss } from "../../../kernels/loss/total_variation.ts";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import type { LossMode } from "../../../kernels/loss/image_loss.ts";
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

/** Mean over horizontal pairs, plus mean over vertical pairs, in float64. */
function oracle(image: ArrayLike<number>, [height, width]: readonly number[], mode: LossMode) {
  const meanOfPairs = (down: number, right: number) => {
    let sum = 0, count = 0;
    for (let y = 0; y + down < height!; y++) {
      for (let x = 0; x + right < width!; x++) {
        for (let c = 0; c < 3; c++) {
          const other = image[((y + down) * width! + x + right) * 3 + c]!;
          const difference = Math.abs(image[(y * width! + x) * 3 + c]! - other);
          sum += mode === "l1" ? difference : difference ** 2;
          count++;
        }
      }
    }
    return sum / count;
  };
  return meanOfPairs(0, 1) + meanOfPairs(1, 0);
}

Deno.test("totalVariation lists the fields of its WGSL", () => assertKernelStruct(totalVariation));

for (const mode of MODES) {
  for (const tag of ["a", "b", "c"]) {
    gpuTest(`TotalVariationLoss equals SD-piXL in ${mode}, image ${tag}`, async (gpu) => {
      const golden = readGolden("losses");
      const image = golden.tensor(`${tag}.image`);
      const [height, width] = image.shape as [number, number];
      using tv = TotalVariationLoss.create(gpu, { height, width, mode });
      const { loss, gradient } = await runImageLoss(gpu, tv, image);
      assertAllClose(loss, golden.tensor(`${tag}.tv_${mode}.loss`).data);
      assertAllClose(gradient, golden.tensor(`${tag}.tv_${mode}.grad`).data, SMALL);
    });
  }

  for (const [height, width] of [[2, 2], [2, 5], [7, 3]] as const) {
    gpuTest(
      `TotalVariationLoss equals the oracle in ${mode}, ${height} x ${width}`,
      async (gpu) => {
        const image = noiseImage(height, width);
        using tv = TotalVariationLoss.create(gpu, { height, width, mode });
        const { loss, gradient } = await runImageLoss(gpu, tv, image);
        const expected = (values: ArrayLike<number>) => oracle(values, image.shape, mode);
        assertAllClose(loss, [expected(image.data)]);
        assertAllClose(gradient, numericalGradient(expected, image.data), SMALL);
      },
    );
  }
}

gpuTest("TotalVariationLoss has no gradient where neighbors are equal", async (gpu) => {
  const data = new Float32Array(3 * 5 * 4).fill(0.3);
  for (const mode of MODES) {
    using tv = TotalVariationLoss.create(gpu, { height: 5, width: 4, mode });
    const { loss, gradient } = await runImageLoss(gpu, tv, { data, shape: [5, 4, 3] });
    assert([...loss, ...gradient].every((value) => value === 0));
  }
});

gpuTest("TotalVariationLoss refuses sizes and shapes", (gpu) => {
  assert.throws(() => TotalVariationLoss.create(gpu, { height: 1, width: 4, mode: "l1" }), {
    message: "Cannot create the total variation loss: expected 2 x 2 pixels or more, got 1 x 4",
  });
  using tv = TotalVariationLoss.create(gpu, { height: 4, width: 3, mode: "l1" });
  using image = GpuTensor.zeros(gpu, [3, 4, 3], "image");
  using loss = GpuTensor.zeros(gpu, [1], "loss");
  assert.throws(
    () => gpu.submit((pass) => tv.encode(pass, { image, loss, gradImage: image })),
    /total variation loss: expected "image" of shape \[4, 3, 3\], got \[3, 4, 3\]/,
  );
});
