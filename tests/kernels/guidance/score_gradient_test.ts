import assert from "node:assert/strict";
import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../../kernels/gpu/tensor.ts";
import {
  encodeScoreGradient,
  scoreGradient,
  type ScoreGradientOptions,
  scoreWeight,
} from "../../../kernels/guidance/score_gradient.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";
import { assertKernelStruct } from "../../support/assert_kernel_struct.ts";
import { readGolden } from "../../support/goldens.ts";
import { gpuTest } from "../../support/gpu_test.ts";

interface Scores {
  /** One row or two. */
  readonly noisePred: Float32Array<ArrayBuffer>;
  readonly noise: Float32Array<ArrayBuffer>;
}

async function runGradient(gpu: Gpu, scores: Scores, options: ScoreGradientOptions) {
  const size = scores.noise.length;
  const rows = scores.noisePred.length / size;
  using noisePred = GpuTensor.from(gpu, scores.noisePred, [rows, size], "noise_pred");
  using noise = GpuTensor.from(gpu, scores.noise, [1, size], "noise");
  using gradLatents = GpuTensor.zeros(gpu, [1, size], "grad_latents");
  gpu.submit((pass) => encodeScoreGradient(pass, { noisePred, noise, gradLatents }, options));
  return await gradLatents.read();
}

function valuesOf(size: number, seed: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: size }, (_, i) => Math.sin(i * i + 3 * i + seed));
}

Deno.test("scoreGradient lists the fields of its WGSL", () => assertKernelStruct(scoreGradient));

Deno.test("scoreWeight() is 1 - alphaCumprod, or 1", () => {
  assert.equal(scoreWeight(0.25, "cumprod"), 0.75);
  assert.equal(scoreWeight(0.25, "constant"), 1);
});

gpuTest("encodeScoreGradient() equals the oracle with two rows and with one", async (gpu) => {
  const size = 4 * 7 * 5;
  const [noisePred, noise] = [valuesOf(2 * size, 1), valuesOf(size, 2)];
  const options = { guidanceScale: 7.5, gradScale: 0.5, weight: 0.3 };
  assertAllClose(
    await runGradient(gpu, { noisePred, noise }, options),
    Float64Array.from(noise, (e, i) => {
      const [neg, pos] = [noisePred[i]!, noisePred[size + i]!];
      return 0.15 * ((pos - e) + 7.5 * (pos - neg));
    }),
  );
  assertAllClose(
    await runGradient(gpu, { noisePred: noisePred.slice(0, size), noise }, options),
    Float64Array.from(noise, (e, i) => 0.15 * (noisePred[i]! - e)),
  );
});

gpuTest("encodeScoreGradient() equals SD-piXL's step", async (gpu) => {
  const golden = readGolden("sds_step");
  const timestep = golden.tensor("timestep").data[0]!;
  const a = readGolden("schedulers").tensor("alphas_cumprod").data[timestep]!;
  const scores = {
    noisePred: golden.tensor("noise_pred").data.slice(),
    noise: golden.tensor("noise").data.slice(),
  };
  const actual = await runGradient(gpu, scores, {
    guidanceScale: golden.metadata.guidance_scale as number,
    gradScale: 1,
    weight: scoreWeight(a, "cumprod"),
  });
  // Differences of noise are multiplied by 40, and so is their rounding in the reference.
  assertAllClose(actual, golden.tensor("grad_latents").data, { atol: 1e-5, rtol: 1e-5 });
});

gpuTest("encodeScoreGradient() turns what is not finite into 0", async (gpu) => {
  const bad = [NaN, Infinity, -Infinity];
  const [noise, pred] = [Float32Array.of(1, 1, 1, 1), [2, 2, 2]];
  const options = { guidanceScale: 1, gradScale: 1, weight: 1 };
  const inNegative = Float32Array.of(...bad, 2, ...pred, 2);
  const inPrompt = Float32Array.of(...pred, 2, ...bad, 2);
  const inBoth = Float32Array.of(...bad, 2, ...bad, 2);
  const alone = Float32Array.of(...bad, 2);
  for (const noisePred of [inNegative, inPrompt, inBoth, alone]) {
    assert.deepEqual([...await runGradient(gpu, { noisePred, noise }, options)], [0, 0, 0, 1]);
  }
  const large = { noisePred: Float32Array.of(-3e38, 0, 3e38, 0), noise: Float32Array.of(0, -1) };
  assert.deepEqual([...await runGradient(gpu, large, options)], [0, 1]);
});

gpuTest("encodeScoreGradient() names a size that does not fit", (gpu) => {
  using noisePred = GpuTensor.zeros(gpu, [3, 4, 2, 2], "noise_pred");
  using noise = GpuTensor.zeros(gpu, [1, 4, 2, 2], "noise");
  using gradLatents = GpuTensor.zeros(gpu, [1, 4, 2, 2], "grad_latents");
  const options = { guidanceScale: 1, gradScale: 1, weight: 1 };
  assert.throws(
    () =>
      gpu.submit((pass) => encodeScoreGradient(pass, { noisePred, noise, gradLatents }, options)),
    /Cannot encode score gradient: expected "noise_pred" of 32 values, got \[3, 4, 2, 2\]/,
  );
});
