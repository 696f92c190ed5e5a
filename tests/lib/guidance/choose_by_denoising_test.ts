import assert from "node:assert/strict";
import {
  callsPerCandidate,
  chooseByDenoising,
  scoreByDenoising,
} from "../../../lib/guidance/choose_by_denoising.ts";
import type { Denoiser } from "../../../lib/guidance/denoiser.ts";
import type { NoiseSchedule } from "../../../lib/guidance/noise_schedule.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";
import { gpuTest } from "../../support/gpu_test.ts";

const LATENT_SIZE = { height: 2, width: 3 };
const COUNT = 24;
const ALPHA = 0.25;
const schedule = { size: 1001, alphaAt: () => ALPHA } as unknown as NoiseSchedule;

/** Latents that say by their one value how wrong the teacher shall be. */
const latentsOf = (value: number) => new Float32Array(COUNT).fill(value);
const CANDIDATES = [0.5, 0.25, 2].map(latentsOf);

/** A prediction that a teacher was asked for. */
interface Question {
  readonly timestep: number;
  readonly noise: Float32Array;
}

/**
 * A teacher that finds the noise but for the value of the latents, with the prompt; with the
 * negative prompt it finds none. Noise = (noisy - sqrt(alpha) value) / sqrt(1 - alpha).
 */
function createDenoiser(rows: 1 | 2, asked: readonly Float32Array[]) {
  const questions: Question[] = [];
  const denoiser = {
    rows,
    latentSize: LATENT_SIZE,
    predictHost({ data, shape }: { data: Float32Array; shape: number[] }, timestep: number) {
      assert.deepEqual(shape, [rows, 4, 2, 3]);
      const value = asked[questions.length % asked.length]![0]!;
      const noise = data.map((noisy) => (noisy - Math.sqrt(ALPHA) * value) / Math.sqrt(1 - ALPHA));
      questions.push({ timestep, noise: noise.slice(0, COUNT) });
      return Promise.resolve(
        noise.map((found, i) => i < COUNT && rows === 2 ? NaN : found + value),
      );
    },
  };
  return { denoiser: denoiser as unknown as Denoiser, questions };
}

const ERROR = { kind: "error", times: [0.8], noises: 1 } as const;

for (const rows of [1, 2] as const) {
  gpuTest(`scoreByDenoising() measures the denoising error, ${rows} rows`, async (gpu) => {
    const { denoiser, questions } = createDenoiser(rows, CANDIDATES);
    const parts = { schedule, denoiser };
    const scores = await scoreByDenoising(gpu, { parts, candidates: CANDIDATES }, {
      seed: 3,
      score: ERROR,
    });
    // -log(value^2).
    assertAllClose(scores, [0.25, 0.0625, 4].map((error) => -Math.log(error)), { atol: 1e-4 });
    assert.deepEqual(questions.map(({ timestep }) => timestep), [800, 800, 800]);
    // All candidates get the same noise.
    const noises = questions.map(({ noise }) => noise);
    assertAllClose(noises[1]!, noises[0]!, { atol: 1e-5 });
  });
}

gpuTest("scoreByDenoising() averages the errors of several noises and times", async (gpu) => {
  const { denoiser, questions } = createDenoiser(1, CANDIDATES);
  const score = { kind: "error", times: [0.6, 0.8], noises: 2 } as const;
  assert.equal(callsPerCandidate(score), 4);
  const parts = { schedule, denoiser };
  const scores = await scoreByDenoising(gpu, { parts, candidates: CANDIDATES }, { seed: 3, score });
  assertAllClose(scores, [0.25, 0.0625, 4].map((error) => -Math.log(error)), { atol: 1e-4 });
  const timesteps = [600, 800, 600, 800];
  assert.deepEqual(questions.map(({ timestep }) => timestep), timesteps.flatMap((t) => [t, t, t]));
  // Each time has its own noises, and all candidates get the same.
  const noises = questions.map(({ noise }) => noise);
  for (const [i, noise] of noises.entries()) {
    assertAllClose(noise, noises[i - i % 3]!, { atol: 1e-5 });
  }
  assert.notEqual(noises[0]![0]!.toFixed(3), noises[3]![0]!.toFixed(3));
  // The second noise of a time is the opposite of the first.
  for (const i of [0, 3]) {
    assertAllClose(noises[i + 6]!, noises[i]!.map((value) => -value), { atol: 1e-5 });
  }
});

gpuTest("chooseByDenoising() chooses the candidate with the highest finite score", async (gpu) => {
  const candidates = [NaN, 2, 0.5, 1].map(latentsOf);
  const { denoiser } = createDenoiser(2, candidates);
  const parts = { schedule, denoiser };
  const { index, scores } = await chooseByDenoising(gpu, { parts, candidates }, {
    seed: 3,
    score: ERROR,
  });
  assert.equal(index, 2);
  assert(Number.isNaN(scores[0]));
});
