import assert from "node:assert/strict";
import { chooseByDenoising } from "../../../lib/guidance/choose_by_denoising.ts";
import type { Denoiser } from "../../../lib/guidance/denoiser.ts";
import type { NoiseSchedule } from "../../../lib/guidance/noise_schedule.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";
import { gpuTest } from "../../support/gpu_test.ts";

const LATENT_SIZE = { height: 2, width: 3 };
const COUNT = 24;
const ALPHA = 0.25;
const schedule = { size: 1001, alphaAt: () => ALPHA } as unknown as NoiseSchedule;

/** Latents that say by their one value how wrong the teacher shall be. */
const CANDIDATES = [0.5, 0.25, 2].map((value) => new Float32Array(COUNT).fill(value));

/**
 * A teacher that finds the noise but for the value of the latents: twice that with the negative
 * prompt. Noise = (noisy - sqrt(alpha) value) / sqrt(1 - alpha).
 */
function createDenoiser(rows: 1 | 2) {
  const asked: number[] = [];
  const noises: number[][] = [];
  const denoiser = {
    rows,
    latentSize: LATENT_SIZE,
    predictHost({ data, shape }: { data: Float32Array; shape: number[] }, timestep: number) {
      assert.deepEqual(shape, [rows, 4, 2, 3]);
      const value = CANDIDATES[asked.length % CANDIDATES.length]![0]!;
      asked.push(timestep);
      const noise = data.map((noisy) => (noisy - Math.sqrt(ALPHA) * value) / Math.sqrt(1 - ALPHA));
      noises.push([...noise.subarray(0, COUNT)]);
      const factor = (i: number) => rows === 2 && i < COUNT ? 2 : 1;
      return Promise.resolve(noise.map((found, i) => found + factor(i) * value));
    },
  };
  return { denoiser: denoiser as unknown as Denoiser, asked, noises };
}

gpuTest(
  "chooseByDenoising() takes what the prompt explains better than without it",
  async (gpu) => {
    const { denoiser, asked, noises } = createDenoiser(2);
    const parts = { schedule, denoiser };
    const { index, scores } = await chooseByDenoising(gpu, { parts, candidates: CANDIDATES }, {
      seed: 3,
    });
    // (2 value)^2 - value^2.
    assertAllClose(scores, [0.75, 0.1875, 12]);
    assert.equal(index, 2);
    assert.deepEqual(asked, [200, 400, 600, 800].flatMap((time) => [time, time, time]));
    // All pictures of a time get the same noise, which is another one at the next time.
    assertAllClose(noises[1]!, noises[0]!, { atol: 1e-5 });
    assert(Math.abs(noises[3]![0]! - noises[0]![0]!) > 1e-3);
  },
);

gpuTest("chooseByDenoising() of the prompt alone takes what is denoised best", async (gpu) => {
  const { denoiser } = createDenoiser(1);
  const parts = { schedule, denoiser };
  const { index, scores } = await chooseByDenoising(gpu, { parts, candidates: CANDIDATES }, {
    seed: 3,
  });
  assertAllClose(scores, [-0.25, -0.0625, -4]);
  assert.equal(index, 1);
});
