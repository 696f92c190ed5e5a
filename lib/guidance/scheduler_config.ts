import type { DiffusionConfig } from "../../config/run_config.ts";
import { ModelConfig } from "../models/model_config.ts";
import type { ModelFolder } from "../weights/model_folder.ts";
import {
  LEVEL_OPTIONS,
  SAMPLER_OPTIONS,
  SCHEDULER_CLASSES,
  type TimestepSpacing,
} from "./scheduler_classes.ts";

/**
 * What a network predicts: the noise, the velocity v, or the latents without noise.
 *
 * Source of v: Salimans & Ho 2022, https://arxiv.org/abs/2202.00512.
 */
export type PredictionType = "epsilon" | "v_prediction" | "sample";

/** The noise schedule of a teacher's training, and how samplers use it. */
export interface SchedulerConfig {
  /** Number of timesteps, T. */
  readonly numTrainTimesteps: number;
  /** Beta of the first timestep: the variance that it adds. */
  readonly betaStart: number;
  /** Beta of the last timestep. */
  readonly betaEnd: number;
  /** How beta grows between them. */
  readonly betaSchedule: "linear" | "scaled_linear" | "squaredcos_cap_v2";
  /** Whether the last timestep is pure noise. Source: https://arxiv.org/abs/2305.08891, Alg. 1. */
  readonly rescaleBetasZeroSnr: boolean;
  /** What the UNet predicts. */
  readonly predictionType: PredictionType;
  /** How samplers use the schedule. */
  readonly sampling: SamplingConfig;
}

/** How samplers use a schedule. */
export interface SamplingConfig {
  /** How the timesteps are spaced. */
  readonly timestepSpacing: TimestepSpacing;
  /** Added to the timesteps of "leading"; integer, min 0. */
  readonly stepsOffset: number;
  /** DDIM: whether the last step ends at alpha 1, else at the alpha of timestep 0. */
  readonly setAlphaToOne: boolean;
  /** DDIM: max magnitude of the predicted clean latents; undefined for no limit. */
  readonly clipRange: number | undefined;
  /** DDIM: whether the noise is recomputed from the clipped latents. */
  readonly useClippedModelOutput: boolean;
}

/** Keys of the config that replace options of a scheduler file, if they are not null. */
export type ScheduleOverrides = Pick<
  DiffusionConfig,
  "timestepSpacing" | "predictionType" | "rescaleZeroTerminalSnr"
>;

const PREDICTION_TYPES = ["epsilon", "v_prediction", "sample"] as const;

/** Max magnitude of clean latents. Source: measurements of this project. */
const LATENT_RANGE = 4;

/** Maximum offset of timesteps; files have 0 or 1. */
const MAX_OFFSET = 1000;

/**
 * Reads the scheduler of a teacher.
 *
 * The file says how the teacher was trained and how its samplers space their timesteps; the sampler
 * itself is a key of the config, so files of all samplers are read. A "DDPMScheduler" describes
 * only the training. It gets trailing timesteps, alpha 1 at the end, and clipped latents.
 *
 * @throws {ModelConfigError} If an option is wrong or not supported.
 */
export async function readSchedulerConfig(
  folder: ModelFolder,
  subfolder = "scheduler",
): Promise<SchedulerConfig> {
  return parseSchedulerConfig(
    await ModelConfig.open(folder, subfolder, "scheduler_config.json"),
  );
}

/**
 * Reads the options of a scheduler from an open file.
 *
 * @throws {ModelConfigError} If an option is wrong or not supported.
 */
export function parseSchedulerConfig(config: ModelConfig): SchedulerConfig {
  const className = config.choice("_class_name", Object.keys(SCHEDULER_CLASSES));
  refuseOtherKinds(config);
  const parsed: SchedulerConfig = {
    numTrainTimesteps: config.integer("num_train_timesteps", 1000),
    betaStart: config.positive("beta_start", 0.0001),
    betaEnd: config.positive("beta_end", 0.02),
    betaSchedule: config.choice(
      "beta_schedule",
      ["linear", "scaled_linear", "squaredcos_cap_v2"],
      "linear",
    ),
    rescaleBetasZeroSnr: config.boolean("rescale_betas_zero_snr", false),
    predictionType: config.choice("prediction_type", PREDICTION_TYPES, "epsilon"),
    sampling: readSampling(config, className),
  };
  config.assertAllRead(SAMPLER_OPTIONS);
  return parsed;
}

/** Replaces options of a scheduler file by the keys of the config that are not null. */
export function overrideSchedule(
  config: SchedulerConfig,
  { timestepSpacing, predictionType, rescaleZeroTerminalSnr }: Partial<ScheduleOverrides>,
): SchedulerConfig {
  const { sampling } = config;
  return {
    ...config,
    predictionType: predictionType ?? config.predictionType,
    rescaleBetasZeroSnr: rescaleZeroTerminalSnr ?? config.rescaleBetasZeroSnr,
    sampling: { ...sampling, timestepSpacing: timestepSpacing ?? sampling.timestepSpacing },
  };
}

/** Refuses options that change what the network was trained on. */
function refuseOtherKinds(config: ModelConfig): void {
  config.choice("timestep_type", ["discrete"], "discrete");
  config.requireOff(
    "thresholding",
    "trained_betas",
    "use_flow_sigmas",
    "use_dynamic_shifting",
    "shift_terminal",
  );
}

/**
 * Says that the teacher's scheduler file describes a sampler which is not used.
 *
 * @returns undefined if it does not.
 */
export async function schedulerNote(folder: ModelFolder): Promise<string | undefined> {
  const config = await ModelConfig.open(folder, "scheduler", "scheduler_config.json");
  const className = config.choice("_class_name", Object.keys(SCHEDULER_CLASSES));
  const level = LEVEL_OPTIONS.find((key) => config.boolean(key, false));
  if (!SCHEDULER_CLASSES[className]!.isForeign && level === undefined) return undefined;
  const found = level === undefined ? className : `${className} with ${level}`;
  return `The teacher's scheduler file describes ${found}: its betas, prediction type and spacing ` +
    "are used; the sampler is that of diffusion.sampler";
}

/** Reads all options of sampling, so that each is checked; not all classes use all of them. */
function readSampling(config: ModelConfig, className: string): SamplingConfig {
  const defaults = SCHEDULER_CLASSES[className]!;
  const timestepSpacing = config.choice(
    "timestep_spacing",
    ["linspace", "leading", "trailing"],
    defaults.timestepSpacing,
  );
  const stepsOffset = config.get("steps_offset") ?? 0;
  const isOffset = Number.isSafeInteger(stepsOffset) && (stepsOffset as number) >= 0 &&
    (stepsOffset as number) <= MAX_OFFSET;
  if (!isOffset) throw config.refusal("steps_offset", `an integer from 0 to ${MAX_OFFSET}`);
  const setAlphaToOne = config.boolean("set_alpha_to_one", className !== "PNDMScheduler");
  const clips = className === "DDIMScheduler" || className === "DDPMScheduler";
  const isClipped = config.boolean("clip_sample", clips);
  const range = config.positive("clip_sample_range", 1);
  if (className === "DDPMScheduler") {
    return {
      timestepSpacing: "trailing",
      stepsOffset: 0,
      setAlphaToOne: true,
      clipRange: LATENT_RANGE,
      useClippedModelOutput: true,
    };
  }
  return {
    timestepSpacing,
    stepsOffset: stepsOffset as number,
    setAlphaToOne,
    clipRange: isClipped ? range : undefined,
    useClippedModelOutput: false,
  };
}
