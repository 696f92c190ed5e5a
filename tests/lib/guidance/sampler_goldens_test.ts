import assert from "node:assert/strict";
import { sampleLcm, sampleTcd } from "../../../lib/guidance/consistency_samplers.ts";
import { sampleDpmSolver } from "../../../lib/guidance/dpm_solver.ts";
import { noiseFactors } from "../../../lib/guidance/noise_factors.ts";
import { NoiseSchedule } from "../../../lib/guidance/noise_schedule.ts";
import { type PredictNoise, sampleDdim, sampleEuler } from "../../../lib/guidance/samplers.ts";
import { openReference } from "../../../lib/verify/reference_file.ts";
import { verifySamplers } from "../../../lib/verify/verify_samplers.ts";
import { openModelFolder } from "../../../lib/weights/open_model_folder.ts";
import { goldenPath } from "../../support/goldens.ts";

// The metadata of the file says how it was made.
Deno.test("samplers equal diffusers' own roll-outs, with every spacing and prediction", async () => {
  const file = await openReference(openModelFolder(goldenPath("")), "samplers");
  const names = file.captures(/^(.+)\.end$/);
  assert.equal(names.length, 49);
  const compared = await Array.fromAsync(verifySamplers({ file }));
  assert.deepEqual(compared.filter(({ status }) => status !== "ok"), []);
  assert.equal(compared.filter(({ name }) => name.endsWith(".end")).length, 49);
  assert.deepEqual(file.unused, []);
});

const SAMPLERS = {
  ddim: sampleDdim,
  euler: sampleEuler,
  lcm: sampleLcm,
  tcd: sampleTcd,
  dpmpp_2m_karras: sampleDpmSolver,
};

Deno.test("each sampler stays finite if it starts at zero SNR, whatever the network predicts", async () => {
  for (const timestepSpacing of ["leading", "trailing", "linspace"] as const) {
    for (const predictionType of ["epsilon", "v_prediction", "sample"] as const) {
      const schedule = new NoiseSchedule({
        numTrainTimesteps: 1000,
        betaStart: 0.00085,
        betaEnd: 0.012,
        betaSchedule: "scaled_linear",
        rescaleBetasZeroSnr: true,
        predictionType,
        sampling: {
          timestepSpacing,
          stepsOffset: 1,
          setAlphaToOne: true,
          clipRange: undefined,
          useClippedModelOutput: false,
        },
      });
      const predict: PredictNoise = (x, t, alpha = schedule.alphaAt(t)) => {
        const factors = predictionType === "epsilon"
          ? { output: 1, sample: 0 }
          : noiseFactors(predictionType, alpha);
        return Promise.resolve(
          x.map((value) => factors.output * Math.tanh(value) + factors.sample * value),
        );
      };
      for (const [name, sample] of Object.entries(SAMPLERS)) {
        const start = Float32Array.of(-1.5, -0.2, 0.4, 2);
        const drawNoise = () => Promise.resolve(start);
        const end = await sample(start, predict, { schedule, steps: 5, drawNoise });
        assert(end.every(Number.isFinite), `${name}, ${timestepSpacing}, ${predictionType}`);
      }
    }
  }
});
