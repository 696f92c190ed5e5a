import { NoiseSchedule } from "../guidance/noise_schedule.ts";
import {
  ddimTimesteps,
  eulerSigmas,
  type PredictNoise,
  sampleDdim,
  sampleEuler,
} from "../guidance/samplers.ts";
import { readSchedulerConfig, type SamplingConfig } from "../guidance/scheduler_config.ts";
import type { Verification } from "./verification.ts";
import { EXACT, type Limit, type TensorComparison } from "./tensor_comparison.ts";

/** Sampler settings of the reference: those of SDXL. The teacher's file has only its training. */
const SAMPLING: SamplingConfig = {
  timestepSpacing: "leading",
  stepsOffset: 1,
  setAlphaToOne: false,
  clipRange: undefined,
  useClippedModelOutput: false,
};

/**
 * The reference computes the schedule in float32, which leaves five digits of 1 - alpha for the
 * first timesteps, and rounds after each step.
 */
const SCHEDULE: Limit = { maxAbs: 1e-5, relative: 1e-5 };

/** The network of the reference. */
const predict: PredictNoise = (latents) =>
  Promise.resolve(latents.map((value) => 0.9 * Math.tanh(value)));

/** Compares the noise schedule and both samplers. */
export async function* verifySchedulers(
  { file, teacher }: Verification,
): AsyncGenerator<TensorComparison> {
  const config = await readSchedulerConfig(teacher);
  const schedule = new NoiseSchedule({ ...config, sampling: SAMPLING });
  yield file.compare("alphas_cumprod", schedule.alphasCumprod, SCHEDULE);

  const ddim = { schedule, steps: file.tensor("ddim.timesteps").data.length };
  yield file.compare("ddim.timesteps", ddimTimesteps(ddim), EXACT);
  const ddimEnd = await sampleDdim(file.tensor("ddim.start").data, predict, ddim);
  yield file.compare("ddim.end", ddimEnd, SCHEDULE);

  const euler = { schedule, steps: file.tensor("euler.timesteps").data.length };
  const { timesteps, sigmas, initNoiseSigma } = eulerSigmas(euler);
  yield file.compare("euler.timesteps", timesteps, EXACT);
  yield file.compare("euler.sigmas", sigmas, SCHEDULE);
  const noise = file.tensor("euler.start").data.map((value) => value / initNoiseSigma);
  yield file.compare("euler.end", await sampleEuler(noise, predict, euler), SCHEDULE);
}
