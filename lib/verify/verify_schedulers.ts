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
import { EXACT, type Limit, type VerifyLine } from "./verify_line.ts";

/** How the reference walks: SDXL's own sampler settings; the teacher's file tells of training only. */
const SAMPLING: SamplingConfig = {
  timestepSpacing: "leading",
  stepsOffset: 1,
  setAlphaToOne: false,
  clipRange: undefined,
  useClippedModelOutput: false,
};

/**
 * The reference keeps the schedule in float32, where 1 - alpha of the first timesteps has five
 * digits left, and rounds after each step.
 */
const SCHEDULE: Limit = { maxAbs: 1e-5, relative: 1e-5 };

/** The network of the reference. */
const predict: PredictNoise = (latents) =>
  Promise.resolve(latents.map((value) => 0.9 * Math.tanh(value)));

/** Compares the noise schedule and the walks of both samplers. */
export async function* verifySchedulers(
  { file, teacher }: Verification,
): AsyncGenerator<VerifyLine> {
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
