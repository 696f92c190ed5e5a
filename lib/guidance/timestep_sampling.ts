import type { Seed } from "../../kernels/random/philox.ts";
import type { SdConfig } from "../../config/run_config.ts";
import { drawUniform } from "../../kernels/random/philox.ts";
import { RANDOM_STREAMS } from "../../kernels/random/streams.ts";

/** The keys of the config that timesteps are drawn by. */
export type TimestepConfig = Pick<
  SdConfig,
  | "samplingMethodT"
  | "tMin"
  | "tMax"
  | "tBoundMax"
  | "tBoundReached"
  | "tStart"
  | "tEnd"
  | "tWindow"
>;

/** What a drawn timestep depends on. */
export interface TimestepDraw {
  /** Optimizer step, from 1. */
  readonly step: number;
  /** Number of optimizer steps. */
  readonly steps: number;
  /** Index of the random draw, if a step makes several. Default: `step`. */
  readonly draw?: number;
  /** Seed of the run. */
  readonly seed: Seed;
  /** Timesteps of the teacher's schedule, T. */
  readonly timesteps: number;
}

/**
 * Draws the timestep of an optimizer step. It is a function of its arguments.
 *
 * Source: Binninger & Sorkine-Hornung 2024, https://arxiv.org/abs/2410.06236, for "bounded_max".
 * The method "linear_falling" is new in this project.
 *
 * @returns Diffusion time, integer in [0, T).
 */
export function drawTimestep(config: TimestepConfig, draw: TimestepDraw): number {
  const { draw: number = draw.step, seed, timesteps } = draw;
  const [low, high] = timestepRange(config, draw);
  const [share] = drawUniform({ seed, stream: RANDOM_STREAMS.timestep, step: number }, 1);
  const time = low + share! * (high - low);
  return Math.min(timesteps - 1, Math.max(0, Math.floor(time * timesteps)));
}

/** Returns the range of a step's timestep, as shares of the schedule. */
export function timestepRange(
  config: TimestepConfig,
  { step, steps }: Pick<TimestepDraw, "step" | "steps">,
): readonly [low: number, high: number] {
  const progress = Math.min(1, (step - 1) / Math.max(1, steps - 1));
  const { tMin, tMax, tStart, tEnd, tWindow } = config;
  switch (config.samplingMethodT) {
    case "uniform":
      return [tMin, Math.max(tMin, tMax)];
    case "linear": {
      const time = tMax - (tMax - tMin) * progress;
      return [time, time];
    }
    case "bounded_max": {
      const reached = config.tBoundReached > 0 ? Math.min(1, progress / config.tBoundReached) : 1;
      const bound = tMax - (tMax - config.tBoundMax) * reached;
      return [tMin, Math.max(tMin, bound)];
    }
    case "linear_falling": {
      const middle = tStart - (tStart - tEnd) * progress;
      // The window is clipped to the ends of the line.
      const [min, max] = [Math.min(tStart, tEnd), Math.max(tStart, tEnd)];
      return [Math.max(min, middle - tWindow), Math.min(max, middle + tWindow)];
    }
  }
}
