import { sampleLcm, sampleTcd } from "../guidance/consistency_samplers.ts";
import { karrasLevels, sampleDpmSolver } from "../guidance/dpm_solver.ts";
import { noiseFactors } from "../guidance/noise_factors.ts";
import { NoiseSchedule } from "../guidance/noise_schedule.ts";
import {
  ddimTimesteps,
  eulerSigmas,
  type PredictNoise,
  sampleDdim,
  sampleEuler,
  type Sampler,
  type StochasticOptions,
} from "../guidance/samplers.ts";
import type { TimestepSpacing } from "../guidance/scheduler_classes.ts";
import type { PredictionType } from "../guidance/scheduler_config.ts";
import type { ReferenceFile } from "./reference_file.ts";
import type { Limit, TensorComparison } from "./tensor_comparison.ts";
import type { Verification } from "./verification.ts";

const SAMPLERS: Readonly<Record<string, Sampler<StochasticOptions>>> = {
  ddim: sampleDdim,
  euler: sampleEuler,
  dpmpp_2m_karras: sampleDpmSolver,
  lcm: sampleLcm,
  tcd: sampleTcd,
};

/** Name of a roll-out: sampler, steps, spacing, prediction and "zero_snr", with points between. */
const ROLL_OUT =
  /^(\w+)\.(\d+)\.(leading|trailing|linspace)\.(epsilon|v_prediction|sample)(\.zero_snr)?$/;

/** A roll-out rounds to float32 after each step. */
const STEPS: Limit = { maxAbs: 1e-5, relative: 1e-5 };

/** At pure noise, values are divided by 2 ** -12, and their float32 has errors of 2 ** -24. */
const PURE_NOISE: Limit = { maxAbs: 3e-4 };

/** Compares roll-outs of all samplers, which a network in closed form guides. */
export async function* verifySamplers(
  { file }: Pick<Verification, "file">,
): AsyncGenerator<TensorComparison> {
  const start = file.tensor("start").data;
  for (const name of file.captures(/^(.+)\.end$/)) {
    const [, sampler = "", count, spacing, prediction, zeroSnr] = ROLL_OUT.exec(name) ?? [];
    const sample = SAMPLERS[sampler];
    if (!sample) throw new RangeError(`Cannot compute "${name}": no such sampler`);
    const schedule = scheduleOf({
      timestepSpacing: spacing as TimestepSpacing,
      predictionType: prediction as PredictionType,
      isZeroSnr: zeroSnr !== undefined,
    });
    const steps = Number(count);
    const { timesteps, sigmas } = levelsOf(sampler, { schedule, steps });
    yield file.compare(`${name}.timesteps`, timesteps, STEPS);
    if (sigmas) yield file.compare(`${name}.sigmas`, sigmas, STEPS);
    const drawNoise = readNoises(file, `${name}.noises`, start.length);
    const end = await sample(start, predictorOf(schedule), { schedule, steps, drawNoise });
    yield file.compare(`${name}.end`, end, zeroSnr ? PURE_NOISE : STEPS);
  }
}

/** Returns the schedule of the reference: that of Stable Diffusion. */
function scheduleOf(
  { timestepSpacing, predictionType, isZeroSnr }: {
    readonly timestepSpacing: TimestepSpacing;
    readonly predictionType: PredictionType;
    readonly isZeroSnr: boolean;
  },
): NoiseSchedule {
  return new NoiseSchedule({
    numTrainTimesteps: 1000,
    betaStart: 0.00085,
    betaEnd: 0.012,
    betaSchedule: "scaled_linear",
    rescaleBetasZeroSnr: isZeroSnr,
    predictionType,
    sampling: {
      timestepSpacing,
      stepsOffset: 1,
      setAlphaToOne: false,
      clipRange: undefined,
      useClippedModelOutput: false,
    },
  });
}

/** Returns the network of the reference; it converts what it predicts as the denoiser does. */
function predictorOf(schedule: NoiseSchedule): PredictNoise {
  const { predictionType } = schedule;
  return (x, t, alpha = schedule.alphaAt(t)) => {
    const output = x.map((value) => 0.9 * Math.tanh(value) - 0.2 + 0.1 * Math.cos(t / 100));
    if (predictionType === "epsilon") return Promise.resolve(output);
    const factors = noiseFactors(predictionType, alpha);
    return Promise.resolve(
      output.map((value, i) => factors.output * value + factors.sample * x[i]!),
    );
  };
}

function levelsOf(
  sampler: string,
  options: { readonly schedule: NoiseSchedule; readonly steps: number },
): { readonly timesteps: readonly number[]; readonly sigmas?: readonly number[] } {
  if (sampler === "euler") return eulerSigmas(options);
  if (sampler !== "dpmpp_2m_karras") return { timesteps: ddimTimesteps(options) };
  const levels = karrasLevels(options);
  return {
    timesteps: levels.map(({ timestep }) => timestep),
    sigmas: [...levels.map(({ sigma }) => sigma), 0],
  };
}

/** Returns the noise that the reference drew after each step. */
function readNoises(
  file: ReferenceFile,
  name: string,
  size: number,
): (step: number) => Promise<Float32Array> {
  if (!file.has(name)) return () => Promise.reject(new RangeError(`Cannot find "${name}"`));
  const { data } = file.tensor(name);
  return (step) => Promise.resolve(data.subarray((step - 1) * size, step * size));
}
