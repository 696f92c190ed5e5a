import assert from "node:assert/strict";
import { type PartialConfig, resolveRunConfig } from "../../../config/resolve_run_config.ts";
import { countEditSteps, planEdits } from "../../../lib/distill/edit_plan.ts";
import { NoiseSchedule } from "../../../lib/guidance/noise_schedule.ts";

const SCHEDULE = new NoiseSchedule({
  numTrainTimesteps: 1000,
  betaStart: 0.00085,
  betaEnd: 0.012,
  betaSchedule: "scaled_linear",
  rescaleBetasZeroSnr: false,
  predictionType: "epsilon",
  sampling: {
    timestepSpacing: "trailing",
    stepsOffset: 0,
    setAlphaToOne: true,
    clipRange: 4,
    useClippedModelOutput: false,
  },
});

function plan(part: PartialConfig, hasInputImage: boolean, unknownWords: string[] = []) {
  const config = resolveRunConfig({ prompt: "a house", ...part });
  const made = planEdits(SCHEDULE, config, { hasInputImage, unknownWords });
  const strengths = made.edits.map(({ strength }) => strength);
  return { strengths, isChosen: made.isChosen, steps: countEditSteps(made) };
}

Deno.test("the teacher chooses the strength for an input image", () => {
  assert.deepEqual(plan({}, true), { strengths: [0.2, 0.4, 0.6], isChosen: true, steps: 27 });
  const draft = plan({ preset: "draft" }, true);
  assert.deepEqual(draft, { strengths: [0.3], isChosen: true, steps: 2 });
});

Deno.test("a sample is edited only at its own strength", () => {
  assert.deepEqual(plan({}, false).strengths, []);
  const asked = plan({ diffusion: { sampleStrength: 0.4 } }, false);
  assert.deepEqual(asked, { strengths: [0.4], isChosen: false, steps: 9 });
  assert.equal(plan({ diffusion: { sampleStrength: 0.4 } }, true).steps, 27);
});

Deno.test("a strength of the config is kept, for an image whose subject is unknown too", () => {
  const config = { diffusion: { strength: 0.5, edits: 2 } };
  const made = plan(config, true, ["wombat"]);
  assert.deepEqual([made.strengths, made.isChosen], [[0.5, 0.5], false]);
  assert.deepEqual(plan({}, true, ["wombat"]).strengths, []);
  // A sample shows what the teacher knows.
  assert.deepEqual(plan(config, false, ["wombat"]).strengths, [0.5, 0.5]);
});

Deno.test("nothing is edited without a prompt, at strength 0, or with SD-piXL's settings", () => {
  assert.deepEqual(plan({ prompt: "" }, true).strengths, []);
  assert.deepEqual(plan({ diffusion: { strength: 0 } }, true).strengths, []);
  assert.deepEqual(plan({ preset: "paper" }, true).strengths, []);
  assert.deepEqual(plan({ diffusion: { strength: 0.01 } }, true).strengths, []);
});
