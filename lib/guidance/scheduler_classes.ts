/** How a sampler spaces its timesteps; names as in diffusers. */
export type TimestepSpacing = "linspace" | "leading" | "trailing";

/** What the absence of options means in the file of a scheduler. */
export interface SchedulerClass {
  /** Spacing of the timesteps. */
  readonly timestepSpacing: TimestepSpacing;
  /** Whether clean latents are clipped. Default: false. */
  readonly clipsSample?: true;
  /** Whether DDIM's last step ends at the alpha of timestep 0. Default: false. */
  readonly endsAtFirstTimestep?: true;
  /** Whether its sampler is none of those of Smalti. */
  readonly isForeign?: true;
}

const LEADING: SchedulerClass = { timestepSpacing: "leading", clipsSample: true };
const SOLVER: SchedulerClass = { timestepSpacing: "linspace", isForeign: true };
const CONSISTENCY: SchedulerClass = { timestepSpacing: "leading" };

/**
 * The schedulers of diffusers whose noise schedule is a list of betas, with the defaults of their
 * options. Schedulers of flows and of sigmas alone are not among them.
 *
 * Source: the signatures in https://github.com/huggingface/diffusers, src/diffusers/schedulers, at
 * 58eb52c0.
 */
export const SCHEDULER_CLASSES: Readonly<Record<string, SchedulerClass>> = {
  DDPMScheduler: LEADING,
  DDPMParallelScheduler: { ...LEADING, isForeign: true },
  DDIMScheduler: LEADING,
  DDIMParallelScheduler: { ...LEADING, isForeign: true },
  DDIMInverseScheduler: { ...LEADING, isForeign: true },
  PNDMScheduler: { timestepSpacing: "leading", endsAtFirstTimestep: true, isForeign: true },
  EulerDiscreteScheduler: { timestepSpacing: "linspace" },
  EulerAncestralDiscreteScheduler: SOLVER,
  LCMScheduler: CONSISTENCY,
  TCDScheduler: CONSISTENCY,
  DPMSolverMultistepScheduler: SOLVER,
  DPMSolverMultistepInverseScheduler: SOLVER,
  DPMSolverSinglestepScheduler: SOLVER,
  DPMSolverSDEScheduler: SOLVER,
  DEISMultistepScheduler: SOLVER,
  UniPCMultistepScheduler: SOLVER,
  SASolverScheduler: SOLVER,
  HeunDiscreteScheduler: SOLVER,
  KDPM2DiscreteScheduler: SOLVER,
  KDPM2AncestralDiscreteScheduler: SOLVER,
  LMSDiscreteScheduler: SOLVER,
};

/** Options that change the noise levels of a sampler. */
export const LEVEL_OPTIONS: readonly string[] = [
  "use_karras_sigmas",
  "use_exponential_sigmas",
  "use_beta_sigmas",
  "use_lu_lambdas",
];

/** Options of samplers, which do not change what a network was trained on. */
export const SAMPLER_OPTIONS: readonly string[] = [
  ...LEVEL_OPTIONS,
  "_diffusers_version",
  "algorithm_type",
  "corrector_order",
  "disable_corrector",
  "dynamic_thresholding_ratio",
  "euler_at_final",
  "final_sigmas_type",
  "flow_shift",
  "interpolation_type",
  "lambda_min_clipped",
  "lower_order_final",
  "noise_sampler_seed",
  "original_inference_steps",
  "predict_x0",
  "predictor_order",
  "sample_max_value",
  "sigma_max",
  "sigma_min",
  "skip_prk_steps",
  "solver_order",
  "solver_p",
  "solver_type",
  "tau_func",
  "time_shift_type",
  "timestep_scaling",
  "variance_type",
];
