import type { SamplingConfig } from "./scheduler_config.ts";

/**
 * Spreads the steps of a sampler over diffusion time, as diffusers' `set_timesteps` does.
 *
 * Source: Lin et al. 2023, https://arxiv.org/abs/2305.08891, table 2.
 *
 * @param count Timesteps of the schedule, T.
 * @param steps Steps of the sampler, integer in [1, T].
 * @returns Timesteps in [0, T), falling; with "linspace" they may have fractions.
 */
export function spaceTimesteps(
  count: number,
  steps: number,
  options: Pick<SamplingConfig, "timestepSpacing" | "stepsOffset">,
): number[] {
  if (!Number.isInteger(steps) || steps < 1 || steps > count) {
    throw new RangeError(
      `Cannot spread timesteps: expected an integer number of steps from 1 to ${count}, ` +
        `got ${steps}`,
    );
  }
  const indices = Array.from({ length: steps }, (_, i) => i);
  switch (options.timestepSpacing) {
    case "linspace":
      if (steps === 1) return [0];
      return indices.map((i) => (count - 1) * (steps - 1 - i) / (steps - 1));
    case "leading": {
      const stride = Math.floor(count / steps);
      const last = count - 1;
      return indices.map((i) => Math.min(last, (steps - 1 - i) * stride + options.stepsOffset));
    }
    case "trailing":
      return indices.map((i) => roundHalfEven(count - i * count / steps) - 1);
  }
}

/** Rounds as NumPy does: halves to the even neighbor. */
export function roundHalfEven(value: number): number {
  const low = Math.floor(value);
  if (value - low !== 0.5) return Math.round(value);
  return low % 2 === 0 ? low : low + 1;
}
