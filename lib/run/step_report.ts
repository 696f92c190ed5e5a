import type { Image } from "../image/image.ts";

/** The numbers of an optimizer step, as metrics.jsonl and step events have them. */
export interface StepMetrics {
  /** Step, from 1. */
  readonly step: number;
  /** Total steps. */
  readonly steps: number;
  /**
   * Losses by name, each times its factor; "score" is the teacher's. With gradient accumulation
   * they are means.
   */
  readonly losses: Readonly<Record<string, number>>;
  /** Learning rate of the step. */
  readonly learningRate: number;
  /** Diffusion timestep, integer in [0, 1000); with gradient accumulation the last one. */
  readonly timestep: number;
  /** Teacher calls up to now, including those before a resumed run. */
  readonly teacherCalls: number;
}

/** The report of an optimizer step. */
export interface StepReport extends StepMetrics {
  /** Norm of the gradient of the logits before clipping; NaN or infinite if it overflowed. */
  readonly gradNorm: number;
  /** Whether the logits were changed. A gradient that is not finite leaves them as they are. */
  readonly isApplied: boolean;
  /** Reads the picture as it is at the time of the call: ask before the next step. */
  image(): Promise<Image>;
}
