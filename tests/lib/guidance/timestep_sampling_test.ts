import assert from "node:assert/strict";
import {
  drawTimestep,
  type TimestepConfig,
  timestepRange,
} from "../../../lib/guidance/timestep_sampling.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";

const CONFIG: TimestepConfig = {
  samplingMethodT: "uniform",
  tMin: 0.02,
  tMax: 0.98,
  tBoundMax: 0.8,
  tBoundReached: 0.5,
  tStart: 0.6,
  tEnd: 0.02,
  tWindow: 0.05,
};

function draws(config: Partial<TimestepConfig>, steps: number, seed = 0): number[] {
  return Array.from(
    { length: steps },
    (_, i) => drawTimestep({ ...CONFIG, ...config }, { step: i + 1, steps, seed, timesteps: 1000 }),
  );
}

function range(samplingMethodT: TimestepConfig["samplingMethodT"], step: number, steps: number) {
  return timestepRange({ ...CONFIG, samplingMethodT }, { step, steps });
}

Deno.test("drawTimestep() depends on step and seed only", () => {
  assert.deepEqual(draws({}, 20), draws({}, 20));
  assert.notDeepEqual(draws({}, 20), draws({}, 20, 1));
  assert(new Set(draws({}, 20)).size > 15);
});

Deno.test("drawTimestep() fills the range of uniform evenly, with integers", () => {
  const values = draws({}, 4000);
  assert(values.every((t) => Number.isInteger(t) && t >= 20 && t < 980));
  const mean = values.reduce((sum, t) => sum + t, 0) / values.length;
  assert(Math.abs(mean - 500) < 20, `mean ${mean}`); // 4.5 standard errors of 277 / sqrt(4000)
});

Deno.test("drawTimestep() falls from tMax to tMin with linear", () => {
  const values = draws({ samplingMethodT: "linear" }, 5);
  assert.deepEqual(values, [980, 740, 500, 260, 20]);
});

Deno.test("timestepRange() lowers the max of bounded_max, then holds it", () => {
  assertAllClose(range("bounded_max", 1, 101), [0.02, 0.98]);
  assertAllClose(range("bounded_max", 26, 101), [0.02, 0.89]);
  assertAllClose(range("bounded_max", 51, 101), [0.02, 0.8]);
  assertAllClose(range("bounded_max", 101, 101), [0.02, 0.8]);
});

Deno.test("timestepRange() of linear_falling stays near its line and between its ends", () => {
  assertAllClose(range("linear_falling", 1, 101), [0.55, 0.6]);
  assertAllClose(range("linear_falling", 51, 101), [0.26, 0.36]);
  assertAllClose(range("linear_falling", 101, 101), [0.02, 0.07]);
  assertAllClose(range("linear_falling", 1, 1), [0.55, 0.6]);
});

Deno.test("drawTimestep() stays inside of the schedule", () => {
  assert(draws({ tMin: 1, tMax: 1 }, 3).every((t) => t === 999));
  assert(draws({ tMin: 0, tMax: 0 }, 3).every((t) => t === 0));
});
