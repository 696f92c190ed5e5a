import assert from "node:assert/strict";
import { NoiseSchedule } from "../../../lib/guidance/noise_schedule.ts";
import {
  parseSchedulerConfig,
  readSchedulerConfig,
  schedulerNote,
} from "../../../lib/guidance/scheduler_config.ts";
import type { ModelFolder } from "../../../lib/weights/model_folder.ts";
import { memoryFolder } from "../conditioning/memory_folder.ts";
import { ModelConfig } from "../../../lib/models/model_config.ts";
import { ModelConfigError } from "../../../lib/models/model_config_error.ts";
import { openModelFolder } from "../../../lib/weights/open_model_folder.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";
import { goldenPath, readGolden } from "../../support/goldens.ts";

const SDXL = {
  _class_name: "EulerDiscreteScheduler",
  _diffusers_version: "0.19.0.dev0",
  beta_end: 0.012,
  beta_schedule: "scaled_linear",
  beta_start: 0.00085,
  clip_sample: false,
  interpolation_type: "linear",
  num_train_timesteps: 1000,
  prediction_type: "epsilon",
  sample_max_value: 1.0,
  set_alpha_to_one: false,
  skip_prk_steps: true,
  steps_offset: 1,
  timestep_spacing: "leading",
  trained_betas: null,
  use_karras_sigmas: false,
};

function parse(options: Readonly<Record<string, unknown>>) {
  return parseSchedulerConfig(new ModelConfig("scheduler_config.json", { ...SDXL, ...options }));
}

Deno.test("NoiseSchedule equals diffusers' alphas_cumprod", async () => {
  const schedule = await NoiseSchedule.open(openModelFolder(goldenPath("tiny-sdxl")));
  const expected = readGolden("schedulers").tensor("alphas_cumprod").data;
  assertAllClose(schedule.alphasCumprod, expected, { atol: 1e-6 });
  assert.equal(schedule.size, 1000);
  assert.equal(schedule.predictionType, "epsilon");
});

Deno.test("parseSchedulerConfig() reads SDXL's file", () => {
  assert.deepEqual(parse({}).sampling, {
    timestepSpacing: "leading",
    stepsOffset: 1,
    setAlphaToOne: false,
    clipRange: undefined,
    useClippedModelOutput: false,
  });
});

Deno.test("parseSchedulerConfig() gives a DDPM schedule trailing timesteps", () => {
  const { sampling } = parse({ _class_name: "DDPMScheduler", clip_sample: true });
  assert.equal(sampling.timestepSpacing, "trailing");
  assert.equal(sampling.setAlphaToOne, true);
});

for (
  const [key, value] of [
    ["_class_name", "FlowMatchEulerDiscreteScheduler"],
    ["prediction_type", "flow_prediction"],
    ["beta_schedule", "sigmoid"],
    ["trained_betas", [0.1]],
    ["thresholding", true],
    ["use_flow_sigmas", true],
    ["timestep_type", "continuous"],
    ["steps_offset", -1],
    ["steps_offset", 1e9],
    ["shift", 3],
  ] as const
) {
  Deno.test(`parseSchedulerConfig() refuses ${key} = ${JSON.stringify(value)} by name`, () => {
    assert.throws(() => parse({ [key]: value }), (error) => {
      assert(error instanceof ModelConfigError);
      assert.equal(error.key, key);
      return true;
    });
  });
}

/** A folder with a scheduler file alone. */
function folderOf(options: Readonly<Record<string, unknown>>): ModelFolder {
  const text = JSON.stringify({ ...SDXL, ...options });
  return memoryFolder({ "scheduler/scheduler_config.json": text });
}

Deno.test("a scheduler file of any sampler gives betas, prediction type and spacing, with a note", async () => {
  const training = {
    beta_end: 0.013,
    prediction_type: "v_prediction",
    timestep_spacing: undefined,
  };
  for (
    const [_class_name, spacing, options = {}] of [
      ["PNDMScheduler", "leading"],
      ["DPMSolverMultistepScheduler", "linspace", {
        algorithm_type: "dpmsolver++",
        solver_order: 2,
      }],
      ["UniPCMultistepScheduler", "linspace", { disable_corrector: [], predict_x0: true }],
      ["KDPM2AncestralDiscreteScheduler", "linspace"],
      ["DEISMultistepScheduler", "linspace"],
      ["HeunDiscreteScheduler", "linspace"],
      ["EulerAncestralDiscreteScheduler", "linspace"],
      ["EulerDiscreteScheduler", "linspace", { use_karras_sigmas: true }],
    ] as const
  ) {
    const folder = folderOf({ ...training, ...options, _class_name });
    const config = await readSchedulerConfig(folder);
    assert.deepEqual([config.betaEnd, config.predictionType], [0.013, "v_prediction"]);
    assert.equal(config.sampling.timestepSpacing, spacing);
    assert.match(
      (await schedulerNote(folder))!,
      new RegExp(`describes ${_class_name}.*: its betas`),
    );
  }
  for (const _class_name of ["LCMScheduler", "TCDScheduler", "DDIMScheduler", "DDPMScheduler"]) {
    const folder = folderOf({ ...training, _class_name, original_inference_steps: 50 });
    assert.equal((await readSchedulerConfig(folder)).betaEnd, 0.013);
    assert.equal(await schedulerNote(folder), undefined);
  }
});

Deno.test("NoiseSchedule.open() replaces options of the file by keys that are not null", async () => {
  const schedule = await NoiseSchedule.open(folderOf({}), {
    timestepSpacing: "trailing",
    predictionType: "sample",
    rescaleZeroTerminalSnr: true,
  });
  assert.deepEqual([schedule.predictionType, schedule.alphasCumprod[999]], ["sample", 0]);
  assert.equal(schedule.sampling.timestepSpacing, "trailing");
  const plain = await NoiseSchedule.open(folderOf({}), {
    timestepSpacing: null,
    rescaleZeroTerminalSnr: null,
  });
  assert.equal(plain.sampling.timestepSpacing, "leading");
  assert(plain.alphasCumprod[999]! > 0);
});

Deno.test("NoiseSchedule computes the cosine schedule", () => {
  const config = parse({ beta_schedule: "squaredcos_cap_v2", num_train_timesteps: 4 });
  // Product of 1 - beta is alphaBar((i + 1) / T) / alphaBar(0), but for the last, capped beta.
  const alphaBar = (t: number) => Math.cos((t + 0.008) / 1.008 * Math.PI / 2) ** 2;
  const expected = [1, 2, 3].map((i) => alphaBar(i / 4) / alphaBar(0));
  const { alphasCumprod } = new NoiseSchedule(config);
  assertAllClose(alphasCumprod, [...expected, expected[2]! * 0.001], { atol: 1e-6 });
});

Deno.test("NoiseSchedule rescales to pure noise at the last timestep", () => {
  const schedule = new NoiseSchedule(parse({ rescale_betas_zero_snr: true }));
  const plain = new NoiseSchedule(parse({}));
  assert.equal(schedule.alphasCumprod.at(-1), 0);
  assertAllClose([schedule.alphasCumprod[0]!], [plain.alphasCumprod[0]!], { atol: 1e-6 });
  assert(Number.isFinite(schedule.sigmaAt(999)));
});

Deno.test("alphaAt() interpolates fractions and refuses timesteps out of range", () => {
  const schedule = new NoiseSchedule(parse({}));
  const between = schedule.alphaAt(10.5);
  assert(between < schedule.alphaAt(10) && between > schedule.alphaAt(11));
  assert.throws(() => schedule.alphaAt(1000), RangeError);
  assert.throws(() => schedule.alphaAt(NaN), RangeError);
});
