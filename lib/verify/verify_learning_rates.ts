import type { TrainingConfig } from "../../config/run_config.ts";
import { learningRateAt } from "../optimizer/learning_rate.ts";
import type { Verification } from "./verification.ts";
import type { Limit, TensorComparison } from "./tensor_comparison.ts";

const SCHEDULES: readonly TrainingConfig["lrScheduler"][] = [
  "constant",
  "linear",
  "cosine",
  "cosine_with_restarts",
  "polynomial",
  "constant_with_warmup",
  "piecewise_constant",
];

/** Learning rates are far below 1; the reference is rounded to float32. */
const LEARNING_RATE: Limit = { relative: 1e-6 };

/** Compares the learning rates of all steps of each schedule. */
export async function* verifyLearningRates(
  { file }: Verification,
): AsyncGenerator<TensorComparison> {
  const rules = file.setting("step_rules", isText, "a text");
  for (const lrScheduler of SCHEDULES) {
    if (!file.has(lrScheduler)) continue;
    const config = {
      lrScheduler,
      learningRate: file.number("learning_rate"),
      lrWarmupSteps: file.number("warmup"),
      lrStepRules: rules,
      lrCycles: file.number("cycles"),
      steps: file.number("steps"),
      power: file.number("power"),
    };
    const { data } = file.tensor(lrScheduler);
    const rates = Array.from(data, (_, done) => learningRateAt(config, done + 1));
    yield file.compare(lrScheduler, rates, LEARNING_RATE);
  }
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}
