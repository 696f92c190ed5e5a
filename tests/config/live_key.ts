import { goldenPath } from "../support/goldens.ts";
import type { OBSERVATIONS, RunObservation } from "./observe_config.ts";

/**
 * What a key changes: of a plan, of a whole run, one of the run's losses, or its folder's files.
 */
export type Observable =
  | keyof typeof OBSERVATIONS
  | Exclude<keyof RunObservation, "losses">
  | `loss of ${string}`
  | "files";

/** How it is known that a key is not dead: another value changes something. */
export interface LiveKey {
  /** The other value. */
  readonly value: string;
  /** What it changes. */
  readonly changes: Observable;
  /** Other settings of both observations. */
  readonly given?: readonly string[];
}

/** The settings of every observation; a teacher with random weights makes runs of a moment. */
export const TINY: readonly string[] = [
  "prompt=a red dragon",
  "runtime=wasm",
  "generator.image_H=8",
  "generator.image_W=8",
  "generator.palette=game-boy",
  "training.steps=1",
  `diffusion.model_id=${goldenPath("tiny-sdxl")}`,
  "diffusion.sampler=ddim",
  "diffusion.num_inference_steps=1",
  "diffusion.strength=0",
  "diffusion.guidance_scale=3",
  "sd.guidance_scale=10",
  "sd.im_size=32",
];
