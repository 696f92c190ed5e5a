import assert from "node:assert/strict";
import { GpuTensor } from "../../../../kernels/gpu/tensor.ts";
import { encodeLaplacian } from "../../../../kernels/loss/laplacian.ts";
import { laplacianWeights } from "../../../../kernels/loss/laplacian_weights.ts";
import { laplacianMap } from "../../../../lib/outputs/maps/step_maps.ts";
import { viridisImage } from "../../../../lib/outputs/maps/viridis.ts";
import { gpuTest } from "../../../support/gpu_test.ts";

const SIZE = { height: 5, width: 7 };
const WEIGHTS = { kernelSize: 5, sigma: 0.75 };

gpuTest("laplacianMap() draws what the loss sums up", async (gpu) => {
  const values = Float32Array.from({ length: 105 }, (_, i) => 0.5 + Math.sin(i * i) / 2);
  const shape = [5, 7, 3];
  using image = GpuTensor.from(gpu, values, shape, "image");
  using weights = GpuTensor.from(gpu, laplacianWeights(5, 0.75), [5, 5], "weights");
  using terms = GpuTensor.zeros(gpu, shape, "terms");
  using gradLaplacian = GpuTensor.zeros(gpu, shape, "gradient");
  gpu.submit((pass) => {
    encodeLaplacian(pass, { image, weights, terms, gradLaplacian }, { mode: "l1" });
  });
  const magnitudes = await terms.read();
  const sums = Array.from(
    { length: 35 },
    (_, i) => magnitudes[i * 3]! + magnitudes[i * 3 + 1]! + magnitudes[i * 3 + 2]!,
  );
  const expected = viridisImage(SIZE, sums.map((sum) => sum / Math.max(...sums))).data;
  const found = laplacianMap(SIZE, values, WEIGHTS).data;
  // Float32 and float64 may round to neighboring bytes.
  assert(found.every((value, i) => Math.abs(value - expected[i]!) <= 1));
});

Deno.test("laplacianMap() of a flat picture is dark", () => {
  const map = laplacianMap(SIZE, new Float32Array(105).fill(0.3), WEIGHTS);
  assert.deepEqual(map, viridisImage(SIZE, new Float32Array(35)));
});
