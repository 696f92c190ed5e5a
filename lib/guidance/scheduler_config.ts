import { ModelConfig } from "../models/model_config.ts";
import type { ModelFolder } from "../weights/model_folder.ts";

/** How the steps of a sampler are spread over diffusion time; names as in diffusers. */
export type TimestepSpacing = "linspace" | "leading" | "trailing";

/** What a network predicts. Source of v: Salimans & Ho 2022, https://arxiv.org/abs/2202.00512. */
export type PredictionType = "epsilon" | "v_prediction";

/** The noise schedule that a teacher was trained with, and how samplers walk along it. */
export interface SchedulerConfig {
  /** Number of timesteps, T. */
  readonly numTrainTimesteps: number;
  /** Variance that the first timestep adds. */
  readonly betaStart: number;
  /** Variance that the last timestep adds. */
  readonly betaEnd: number;
  /** How the variances between them grow. */
  readonly betaSchedule: "linear" | "scaled_linear" | "squaredcos_cap_v2";
  /** Whether the last timestep is pure noise. Source: https://arxiv.org/abs/2305.08891, Alg. 1. */
  readonly rescaleBetasZeroSnr: boolean;
  /** What the UNet predicts. */
  readonly predictionType: PredictionType;
  /** How samplers walk. */
  readonly sampling: SamplingConfig;
}

/** How samplers walk along the schedule. */
export interface SamplingConfig {
  /** How the steps are spread over diffusion time. */
  readonly timestepSpacing: TimestepSpacing;
  /** Added to the timesteps of "leading", integer >= 0. */
  readonly stepsOffset: number;
  /** DDIM: whether it ends without noise, or with the noise of timestep 0. */
  readonly setAlphaToOne: boolean;
  /** DDIM: greatest magnitude of the predicted clean latents; undefined for no limit. */
  readonly clipRange: number | undefined;
  /** DDIM: whether the noise is computed again from the clipped latents. */
  readonly useClippedModelOutput: boolean;
}

const CLASSES = [
  "DDPMScheduler",
  "DDIMScheduler",
  "EulerDiscreteScheduler",
  "EulerAncestralDiscreteScheduler",
] as const;

/** Options without effect here: of random samplers, of what is switched off, of other samplers. */
const HARMLESS: readonly string[] = [
  "_diffusers_version",
  "dynamic_thresholding_ratio",
  "sample_max_value",
  "skip_prk_steps",
  "variance_type",
];

/** Latents of unit variance hardly go beyond it. Source: this project's trials. */
const LATENT_RANGE = 4;

/**
 * Reads the scheduler of a teacher.
 *
 * The sampler itself is chosen elsewhere: the file says how the teacher was trained, and how
 * samplers of its class walk. A "DDPMScheduler" describes the training only, so it gets the spacing
 * that begins at the last timestep, ends without noise, and keeps latents in range.
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

/** Reads the options of a scheduler from an open file. */
export function parseSchedulerConfig(config: ModelConfig): SchedulerConfig {
  const className = config.choice("_class_name", CLASSES);
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
    predictionType: config.choice("prediction_type", ["epsilon", "v_prediction"], "epsilon"),
    sampling: readSampling(config, className),
  };
  config.assertAllRead(HARMLESS);
  return parsed;
}

function refuseOtherKinds(config: ModelConfig): void {
  config.choice("interpolation_type", ["linear"], "linear");
  config.choice("timestep_type", ["discrete"], "discrete");
  config.choice("final_sigmas_type", ["zero"], "zero");
  config.requireOff(
    "sigma_max",
    "sigma_min",
    "thresholding",
    "trained_betas",
    "use_beta_sigmas",
    "use_exponential_sigmas",
    "use_karras_sigmas",
  );
}

/** Reads all options of sampling, so that each is checked, and returns those that count. */
function readSampling(config: ModelConfig, className: typeof CLASSES[number]): SamplingConfig {
  const isEuler = className.startsWith("Euler");
  const timestepSpacing = config.choice(
    "timestep_spacing",
    ["linspace", "leading", "trailing"],
    isEuler ? "linspace" : "leading",
  );
  const stepsOffset = config.get("steps_offset") ?? 0;
  if (!Number.isSafeInteger(stepsOffset) || (stepsOffset as number) < 0) {
    throw config.refusal("steps_offset", "an integer >= 0");
  }
  const setAlphaToOne = config.boolean("set_alpha_to_one", true);
  const isClipped = config.boolean("clip_sample", !isEuler);
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
