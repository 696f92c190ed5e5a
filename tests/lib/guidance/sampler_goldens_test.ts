import assert from "node:assert/strict";
import { sampleLcm, sampleTcd } from "../../../lib/guidance/consistency_samplers.ts";
import { karrasLevels, sampleDpmSolver } from "../../../lib/guidance/dpm_solver.ts";
import { noiseFactors } from "../../../lib/guidance/noise_factors.ts";
import { NoiseSchedule } from "../../../lib/guidance/noise_schedule.ts";
import {
  ddimTimesteps,
  eulerSigmas,
  type PredictNoise,
  sampleDdim,
  sampleEuler,
  type Sampler,
  type StochasticOptions,
} from "../../../lib/guidance/samplers.ts";
import type { PredictionType } from "../../../lib/guidance/scheduler_config.ts";
import type { TimestepSpacing } from "../../../lib/guidance/scheduler_classes.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";
// Its "about" says how it was made.
import GOLDENS from "../../fixtures/samplers.json" with { type: "json" };

const SAMPLERS: Readonly<Record<string, Sampler<StochasticOptions>>> = {
  ddim: sampleDdim,
  euler: sampleEuler,
  lcm: sampleLcm,
  tcd: sampleTcd,
  dpmpp_2m_karras: sampleDpmSolver,
};

/** Network of the reference; `t` may have a fraction. */
function network(x: Float32Array, t: number): Float32Array {
  return x.map((value) => 0.9 * Math.tanh(value) - 0.2 + 0.1 * Math.cos(t / 100));
}

/** Converts what the network predicts as the denoiser does. */
function predictorOf(schedule: NoiseSchedule): PredictNoise {
  const { predictionType } = schedule;
  return (x, t, alpha = schedule.alphaAt(t)) => {
    const output = network(x, t);
    if (predictionType === "epsilon") return Promise.resolve(output);
    const factors = noiseFactors(predictionType, alpha);
    const noise = output.map((value, i) => factors.output * value + factors.sample * x[i]!);
    return Promise.resolve(noise);
  };
}

function timestepsOf(sampler: string, options: { schedule: NoiseSchedule; steps: number }) {
  if (sampler === "euler") return eulerSigmas(options).timesteps;
  if (sampler === "dpmpp_2m_karras") return karrasLevels(options).map(({ timestep }) => timestep);
  return ddimTimesteps(options);
}

for (const golden of GOLDENS.cases) {
  const { sampler, steps, spacing, predictionType, rescale, timesteps, sigmas, end } = golden;
  const kind = `${predictionType}${rescale ? " with zero terminal SNR" : ""}`;
  Deno.test(`${sampler} in ${steps} ${spacing} steps of ${kind} equals diffusers`, async () => {
    const schedule = new NoiseSchedule({
      numTrainTimesteps: 1000,
      betaStart: 0.00085,
      betaEnd: 0.012,
      betaSchedule: "scaled_linear",
      rescaleBetasZeroSnr: rescale,
      predictionType: predictionType as PredictionType,
      sampling: {
        timestepSpacing: spacing as TimestepSpacing,
        stepsOffset: 1,
        setAlphaToOne: false,
        clipRange: undefined,
        useClippedModelOutput: false,
      },
    });
    const noises = (golden.noises ?? []).map((noise) => Float32Array.from(noise));
    const options = {
      schedule,
      steps,
      drawNoise: (step: number) => Promise.resolve(noises[step - 1]!),
    };
    assertAllClose(timestepsOf(sampler, options), timesteps, { atol: 1e-4 });
    const start = Float32Array.from(GOLDENS.start);
    const found = await SAMPLERS[sampler]!(start, predictorOf(schedule), options);
    if (sigmas) {
      const levels = sampler === "euler"
        ? eulerSigmas(options).sigmas
        : [...karrasLevels(options).map(({ sigma }) => sigma), 0];
      assertAllClose(levels, sigmas, { atol: 0, rtol: 2e-5 });
    }
    // At zero SNR, noise is divided by 2 ** -12, and its float32 has errors of 2 ** -24.
    assertAllClose(found, end, { atol: rescale ? 3e-4 : 1e-5, rtol: 1e-5 });
  });
}

Deno.test("each sampler stays finite when a network of the noise starts at zero SNR", async () => {
  for (const spacing of ["leading", "trailing", "linspace"] as const) {
    for (const predictionType of ["epsilon", "v_prediction", "sample"] as const) {
      const schedule = new NoiseSchedule({
        numTrainTimesteps: 1000,
        betaStart: 0.00085,
        betaEnd: 0.012,
        betaSchedule: "scaled_linear",
        rescaleBetasZeroSnr: true,
        predictionType,
        sampling: {
          timestepSpacing: spacing,
          stepsOffset: 1,
          setAlphaToOne: true,
          clipRange: undefined,
          useClippedModelOutput: false,
        },
      });
      for (const [name, sample] of Object.entries(SAMPLERS)) {
        const drawNoise = () => Promise.resolve(Float32Array.from(GOLDENS.start));
        const options = { schedule, steps: 5, drawNoise };
        const end = await sample(Float32Array.from(GOLDENS.start), predictorOf(schedule), options);
        assert(end.every(Number.isFinite), `${name}, ${spacing}, ${predictionType}`);
      }
    }
  }
});
