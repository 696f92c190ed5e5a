import assert from "node:assert/strict";
import { learningRateAt, type LearningRateConfig } from "../../../lib/optimizer/learning_rate.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";
import { readGolden } from "../../support/goldens.ts";

const golden = readGolden("learning_rates");
const CONFIG = {
  learningRate: golden.metadata["learning_rate"] as number,
  lrWarmupSteps: golden.metadata["warmup"] as number,
  lrStepRules: golden.metadata["step_rules"] as string,
  lrCycles: golden.metadata["cycles"] as number,
  steps: golden.metadata["steps"] as number,
  power: golden.metadata["power"] as number,
};
const SCHEDULERS = [
  "constant",
  "linear",
  "cosine",
  "cosine_with_restarts",
  "polynomial",
  "constant_with_warmup",
  "piecewise_constant",
] as const;

for (const lrScheduler of SCHEDULERS) {
  Deno.test(`learningRateAt() equals diffusers' "${lrScheduler}"`, () => {
    const expected = golden.tensor(lrScheduler).data;
    const config = { ...CONFIG, lrScheduler };
    const actual = Array.from(expected, (_, i) => learningRateAt(config, i + 1));
    // The reference is stored as float32 of values up to 0.025.
    assertAllClose(actual, expected, { atol: 2e-9 });
  });
}

Deno.test("learningRateAt() of polynomial has SD-piXL's exponent 2 unless another is given", () => {
  const { power: _, ...rest } = CONFIG;
  const config = { ...rest, lrScheduler: "polynomial" as const };
  const middle = 250 + (2000 - 250) / 2 + 1;
  assertAllClose([learningRateAt(config, middle)], [(0.025 - 1e-7) / 4 + 1e-7], { atol: 1e-12 });
  assertAllClose(
    [learningRateAt({ ...config, power: 1 }, middle)],
    [(0.025 - 1e-7) / 2 + 1e-7],
    { atol: 1e-12 },
  );
});

Deno.test("learningRateAt() is finite without steps or learning rate", () => {
  for (const lrScheduler of SCHEDULERS) {
    for (const rest of [{ steps: 0 }, { learningRate: 0 }, { lrWarmupSteps: 5000 }]) {
      const config: LearningRateConfig = { ...CONFIG, lrScheduler, ...rest };
      const rates = [1, 2, 2001].map((step) => learningRateAt(config, step));
      assert(rates.every((rate) => rate >= 0 && rate <= 0.025), `${lrScheduler}: ${rates}`);
    }
  }
});

Deno.test("learningRateAt() refuses wrong rules and steps", () => {
  const config = { ...CONFIG, lrScheduler: "piecewise_constant" as const };
  for (const lrStepRules of ["", "1:10", "1:10,", "a:10,1", "1:10,0.5:5,1", "1:2:3,1", "1:1.5,1"]) {
    assert.throws(
      () => learningRateAt({ ...config, lrStepRules }, 1),
      { name: "SyntaxError", message: /^Cannot read the rules of the learning rate: expected/ },
    );
  }
  for (const step of [0, 1.5, NaN]) {
    assert.throws(() => learningRateAt(config, step), RangeError);
  }
});
