import {
  LR_STEP_RULES_EXPECTED,
  type LrStepRules,
  parseLrStepRules,
} from "../../config/lr_step_rules.ts";
import type { TrainingConfig } from "../../config/run_config.ts";

/** Keys of the config that the learning rate depends on. */
export interface LearningRateConfig extends
  Pick<
    TrainingConfig,
    "learningRate" | "lrScheduler" | "lrWarmupSteps" | "lrStepRules" | "lrCycles" | "steps"
  > {
  /** Exponent of "polynomial". Default: 2, that of SD-piXL. */
  readonly power?: number;
}

/** Returns the factor of the learning rate after `done` steps. */
type Schedule = (config: LearningRateConfig, done: number) => number;

/** Final learning rate of "polynomial". Source: diffusers, `lr_end`. */
const LAST_LEARNING_RATE = 1e-7;
/** Exponent of "polynomial". Source: SD-piXL, pipelines/SD_piXL.py. */
const DEFAULT_POWER = 2;

const SCHEDULES: Readonly<Record<TrainingConfig["lrScheduler"], Schedule>> = {
  constant: () => 1,
  constant_with_warmup: warmUp,
  linear: (config, done) => warmUp(config, done) * Math.max(0, 1 - progress(config, done)),
  cosine: (config, done) => {
    const wave = 0.5 * (1 + Math.cos(Math.PI * progress(config, done)));
    return warmUp(config, done) * Math.max(0, wave);
  },
  cosine_with_restarts: (config, done) => {
    const share = progress(config, done);
    if (share >= 1) return 0;
    return warmUp(config, done) * 0.5 * (1 + Math.cos(Math.PI * ((config.lrCycles * share) % 1)));
  },
  polynomial: (config, done) => {
    const { learningRate, power = DEFAULT_POWER } = config;
    const rest = Math.max(0, 1 - progress(config, done));
    // A learning rate below the final one, such as 0, stays constant.
    const last = Math.min(1, LAST_LEARNING_RATE / learningRate);
    return warmUp(config, done) * ((1 - last) * rest ** power + last);
  },
  piecewise_constant: ({ lrStepRules }, done) => {
    const { pieces, last } = readStepRules(lrStepRules);
    return pieces.find(({ end }) => done < end)?.factor ?? last;
  },
};

/**
 * Returns the learning rate of a step, as diffusers' `get_scheduler`.
 *
 * Source: https://github.com/huggingface/diffusers, src/diffusers/optimization.py.
 *
 * @param step Optimizer step, integer, from 1.
 * @throws {RangeError} If the step is out of range.
 * @throws {SyntaxError} If the rules of "piecewise_constant" cannot be parsed.
 */
export function learningRateAt(config: LearningRateConfig, step: number): number {
  if (!Number.isInteger(step) || step < 1) {
    throw new RangeError(
      `Cannot find the learning rate: expected a step of 1 or more, got ${step}`,
    );
  }
  return config.learningRate * SCHEDULES[config.lrScheduler](config, step - 1);
}

/** Rises from 0 to 1 over the warm-up. */
function warmUp({ lrWarmupSteps }: LearningRateConfig, done: number): number {
  return done < lrWarmupSteps ? done / lrWarmupSteps : 1;
}

/** Share of the steps after the warm-up that are done; 0 during the warm-up. */
function progress({ lrWarmupSteps, steps }: LearningRateConfig, done: number): number {
  return Math.max(0, done - lrWarmupSteps) / Math.max(1, steps - lrWarmupSteps);
}

/** Reads "factor:step,…,factor", such as "1:10,0.1:20,0.01". */
function readStepRules(rules: string): LrStepRules {
  const read = parseLrStepRules(rules);
  if (read !== undefined) return read;
  throw new SyntaxError(
    `Cannot read the rules of the learning rate: expected ${LR_STEP_RULES_EXPECTED}, got "${rules}"`,
  );
}
