import assert from "node:assert/strict";
import { NoiseSchedule } from "../../../lib/guidance/noise_schedule.ts";
import {
  ddimTimesteps,
  eulerSigmas,
  type PredictNoise,
  sampleDdim,
  sampleEuler,
  type Sampler,
  spaceTimesteps,
} from "../../../lib/guidance/samplers.ts";
import type { SamplingConfig, SchedulerConfig } from "../../../lib/guidance/scheduler_config.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";
import { readGolden } from "../../support/goldens.ts";

const GOLDEN = readGolden("schedulers");

/** Settings of the reference. */
const SAMPLING: SamplingConfig = {
  timestepSpacing: "leading",
  stepsOffset: 1,
  setAlphaToOne: false,
  clipRange: undefined,
  useClippedModelOutput: false,
};

function scheduleWith(
  sampling: Partial<SamplingConfig> = {},
  more: Partial<SchedulerConfig> = {},
): NoiseSchedule {
  return new NoiseSchedule({
    numTrainTimesteps: 1000,
    betaStart: 0.00085,
    betaEnd: 0.012,
    betaSchedule: "scaled_linear",
    rescaleBetasZeroSnr: false,
    predictionType: "epsilon",
    sampling: { ...SAMPLING, ...sampling },
    ...more,
  });
}

/** Network of the reference. */
const toyNetwork: PredictNoise = (latents) =>
  Promise.resolve(latents.map((value) => 0.9 * Math.tanh(value)));

Deno.test("sampleDdim() equals diffusers' DDIMScheduler over ten steps", async () => {
  const options = { schedule: scheduleWith(), steps: 10 };
  assert.deepEqual(ddimTimesteps(options), [...GOLDEN.tensor("ddim.timesteps").data]);
  const start = GOLDEN.tensor("ddim.start").data;
  const end = await sampleDdim(start, toyNetwork, options);
  assertAllClose(end, GOLDEN.tensor("ddim.end").data, { atol: 2e-5 }); // ten float32 steps
});

Deno.test("sampleEuler() equals diffusers' EulerDiscreteScheduler over ten steps", async () => {
  const options = { schedule: scheduleWith(), steps: 10 };
  const { timesteps, sigmas, initNoiseSigma } = eulerSigmas(options);
  assert.deepEqual(timesteps, [...GOLDEN.tensor("euler.timesteps").data]);
  assertAllClose(sigmas, GOLDEN.tensor("euler.sigmas").data, { atol: 0, rtol: 1e-5 });
  const start = GOLDEN.tensor("euler.start").data.map((value) => value / initNoiseSigma);
  const end = await sampleEuler(start, toyNetwork, options);
  assertAllClose(end, GOLDEN.tensor("euler.end").data, { atol: 2e-5 }); // ten float32 steps
});

const samplers: readonly [string, Sampler][] = [
  ["sampleDdim()", sampleDdim],
  ["sampleEuler()", sampleEuler],
];

for (const [name, sample] of samplers) {
  Deno.test(`${name} samples the only image of a distribution`, async () => {
    const schedule = scheduleWith({ timestepSpacing: "trailing", setAlphaToOne: true });
    const image = Float32Array.of(0.5, -1, 2);
    const predict: PredictNoise = (latents, timestep) => {
      const alpha = schedule.alphaAt(timestep);
      return Promise.resolve(
        latents.map((x, i) => (x - Math.sqrt(alpha) * image[i]!) / Math.sqrt(1 - alpha)),
      );
    };
    const noise = Float32Array.of(1, 0.2, -0.7);
    assertAllClose(await sample(noise, predict, { schedule, steps: 5 }), image, { atol: 1e-4 });
    assert.deepEqual([...noise], [...Float32Array.of(1, 0.2, -0.7)]);
  });

  Deno.test(`${name} calls onStep() and is canceled between two steps`, async () => {
    const stop = new AbortController();
    const steps: number[] = [];
    const onStep = (step: number) => {
      steps.push(step);
      if (step === 2) stop.abort(new Error("enough"));
    };
    const options = { schedule: scheduleWith(), steps: 6, onStep, signal: stop.signal };
    await assert.rejects(sample(new Float32Array(3), toyNetwork, options), /enough/);
    assert.deepEqual(steps, [1, 2]);
  });
}

Deno.test("sampleDdim() takes given timesteps, and the last prediction is the sample", async () => {
  const schedule = scheduleWith({ stepsOffset: 1 });
  const timesteps = [999, 841, 435];
  const start = Float32Array.of(-2, -0.7, 0.1, 1.3);
  const asked: number[] = [];
  const predict: PredictNoise = (latents, timestep) => {
    asked.push(timestep);
    return toyNetwork(latents, timestep);
  };
  const end = await sampleDdim(start, predict, { schedule, steps: 3, timesteps });
  assert.deepEqual(asked, timesteps);
  const expected = Array.from(start, (first) => {
    let x = first;
    for (const [i, t] of timesteps.entries()) {
      const [alpha, next] = [t, timesteps[i + 1]].map((at) =>
        at === undefined ? 1 : schedule.alphasCumprod[at]!
      ) as [number, number];
      const noise = 0.9 * Math.tanh(x);
      const clean = (x - Math.sqrt(1 - alpha) * noise) / Math.sqrt(alpha);
      x = Math.sqrt(next) * clean + Math.sqrt(1 - next) * noise;
    }
    return x;
  });
  assertAllClose(end, expected, { rtol: 1e-5 });
});

Deno.test("given timesteps that are a sampler's own ones change nothing", async () => {
  const schedule = scheduleWith({ timestepSpacing: "trailing", setAlphaToOne: true });
  const start = Float32Array.of(-2, -0.7, 0.1, 1.3);
  const timesteps = [999, 749, 499, 249];
  for (const sample of [sampleDdim, sampleEuler]) {
    const own = await sample(start, toyNetwork, { schedule, steps: 4 });
    assert.deepEqual(await sample(start, toyNetwork, { schedule, steps: 4, timesteps }), own);
  }
  assert.deepEqual(eulerSigmas({ schedule, steps: 2, timesteps: [800, 100] }).sigmas, [
    schedule.sigmaAt(800),
    schedule.sigmaAt(100),
    0,
  ]);
});

Deno.test("samplers refuse timesteps that do not fall, or are not as many as steps", () => {
  const schedule = scheduleWith();
  for (const timesteps of [[1000, 5], [5, 5], [3, 5], [5], [5, -1], [7, 0.5]]) {
    for (const use of [ddimTimesteps, eulerSigmas]) {
      assert.throws(
        () => use({ schedule, steps: 2, timesteps }),
        /expected 2 falling timesteps from 0 to 999, got/,
      );
    }
  }
});

Deno.test("sampleDdim() clips the clean latents", async () => {
  const schedule = scheduleWith({ clipRange: 0.5, setAlphaToOne: true, stepsOffset: 0 });
  const end = await sampleDdim(Float32Array.of(9, -9), toyNetwork, { schedule, steps: 3 });
  assertAllClose(end, [0.5, -0.5]);
});

// Expected: numpy's linspace, arange and round, as diffusers 0.40 uses them.
Deno.test("spaceTimesteps() equals diffusers", () => {
  const space = (timestepSpacing: SamplingConfig["timestepSpacing"], steps: number) =>
    spaceTimesteps(1000, steps, { timestepSpacing, stepsOffset: 1 });
  assert.deepEqual(space("linspace", 4), [999, 666, 333, 0]);
  assert.deepEqual(space("leading", 3), [667, 334, 1]);
  assert.deepEqual(space("trailing", 8), [999, 874, 749, 624, 499, 374, 249, 124]);
  assert.deepEqual(space("trailing", 16).slice(0, 3), [999, 937, 874]);
  assert.throws(() => space("trailing", 0), /from 1 to 1000, got 0/);
});

Deno.test("sampleDdim() of a v-prediction with zero terminal SNR equals the formula for v", async () => {
  const schedule = scheduleWith(
    { timestepSpacing: "trailing" },
    { rescaleBetasZeroSnr: true, predictionType: "v_prediction" },
  );
  const velocityAt = (value: number) => 0.9 * Math.tanh(value) - 0.2;
  // As the denoiser converts v, in float32.
  const predictNoise: PredictNoise = (latents, timestep) => {
    const alpha = schedule.alphaAt(timestep);
    return Promise.resolve(
      latents.map((value) => Math.sqrt(alpha) * velocityAt(value) + Math.sqrt(1 - alpha) * value),
    );
  };
  const start = Float32Array.of(-2, -0.7, 0.1, 1.3);
  const steps = 5;
  const end = await sampleDdim(start, predictNoise, { schedule, steps });
  // Salimans & Ho 2022, https://arxiv.org/abs/2202.00512: x0 = a x - s v, noise = s x + a v.
  const expected = Array.from(start, (first) => {
    let x = first;
    for (const t of ddimTimesteps({ schedule, steps })) {
      const alpha = schedule.alphasCumprod[t]!;
      const next = t - 200 >= 0 ? schedule.alphasCumprod[t - 200]! : schedule.alphasCumprod[0]!;
      const [a, s] = [Math.sqrt(alpha), Math.sqrt(1 - alpha)];
      const velocity = velocityAt(x);
      x = Math.sqrt(next) * (a * x - s * velocity) + Math.sqrt(1 - next) * (s * x + a * velocity);
    }
    return x;
  });
  assert.equal(schedule.alphasCumprod[999], 0);
  assertAllClose(end, expected, { atol: 2e-3 }); // float32 noise is divided by 2 ** -12
});
