import type { KeySpecs } from "./key_spec.ts";

/** Keys of score distillation. Source: Binninger & Sorkine-Hornung 2024, arXiv 2410.06236. */
export const SD_KEYS = {
  guidanceScale: {
    default: null,
    null: "by the teacher's kind: 0 for few-step models, else 10",
    range: "[0, 1000]",
    doc: "Classifier-free guidance of the score; 0: the prompt alone",
  },
  gradScale: { default: 1, range: "[0, 1000000]", doc: "Factor of the score's gradient" },
  tMin: { default: 0.02, range: "[0, 1]", doc: "Min timestep, as a share of the schedule" },
  tMax: { default: 0.98, range: "[0, 1]", doc: "Max timestep, as a share of the schedule" },
  tBoundMax: {
    default: 0.8,
    range: "[0, 1]",
    doc: 'Final max timestep of "bounded_max", as a share of the schedule',
  },
  tBoundReached: {
    default: 0.5,
    range: "[0, 1]",
    doc: 'Share of the steps after which "bounded_max" has reached "t_bound_max"',
  },
  samplingMethodT: {
    default: "linear_falling",
    choices: {
      uniform: "uniform in [t_min, t_max]",
      linear: "linear from t_max to t_min",
      bounded_max: "uniform below a maximum that falls from t_max to t_bound_max",
      linear_falling: "uniform within t_window of a line from t_start to t_end (new)",
    },
    doc: "Distribution of the timesteps",
  },
  tStart: {
    default: 0.6,
    range: "[0, 1]",
    isNew: true,
    doc: 'Timestep of "linear_falling" at the first step, as a share of the schedule',
  },
  tEnd: {
    default: 0.2,
    range: "[0, 1]",
    isNew: true,
    doc: 'Timestep of "linear_falling" at the last step, as a share of the schedule',
  },
  tWindow: {
    default: 0.05,
    range: "[0, 1]",
    isNew: true,
    doc: 'Max distance from the line of "linear_falling", as a share of the schedule',
  },
  imSize: {
    default: null,
    range: "[8, 4096]",
    integer: true,
    null: "the teacher's own",
    doc: "Size of the teacher's image in pixels, for a square. A picture of another aspect ratio " +
      "gets about the same area",
  },
  wMode: {
    default: "cumprod",
    choices: { cumprod: "1 - cumulative product of alphas", constant: "1" },
    doc: "Weight of a timestep",
  },
} as const satisfies KeySpecs;
