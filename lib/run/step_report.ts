import type { Image } from "../image/image.ts";

/** The numbers of a step, as metrics.jsonl and step events have them. */
export interface StepMetrics {
  /** What the step does: the teacher edits the picture, or the optimizer distills it. */
  readonly stage: "edit" | "distill";
  /** Step, from 1. */
  readonly step: number;
  /** Total steps. */
  readonly steps: number;
  /**
   * Losses by name, each times its factor; "score" is the teacher's. With gradient accumulation
   * they are means. An edit has none.
   */
  readonly losses: Readonly<Record<string, number>>;
  /** Learning rate of the step; 0 in an edit. */
  readonly learningRate: number;
  /** Diffusion timestep, integer in [0, 1000); with gradient accumulation the last one. */
  readonly timestep: number;
  /** Teacher calls up to now, including those before a resumed run. */
  readonly teacherCalls: number;
}

/** The report of a step. */
export interface StepReport extends StepMetrics {
  /**
   * Norm of the gradient of the logits before clipping; NaN or infinite if it overflowed. An edit
   * has none: 0.
   */
  readonly gradNorm: number;
  /** Whether the logits were changed. A gradient that is not finite leaves them as they are. */
  readonly isApplied: boolean;
  /** Reads the picture as it is at the time of the call: ask before the next step. */
  image(): Promise<Image>;
}
