import type { RunEvent } from "../report/run_event.ts";
import type { Work } from "./timings.ts";

/** Steps that are told together, so that a run that is killed has told of most. */
const STEPS_TOLD = 20;

/** Measures the work of a run of one picture from its events. Pauses are left out. */
export class WorkMeter {
  readonly #preset: string;
  readonly #tell: (work: Work) => void;
  #wasPaused = false;
  /** Seconds at the last step of score distillation; undefined if the next time means nothing. */
  #lastStepAt: number | undefined;
  #hasSteps = false;
  #steps = { count: 0, seconds: 0 };

  /** @param tell Gets work that was measured. */
  constructor(preset: string, tell: (work: Work) => void) {
    this.#preset = preset;
    this.#tell = tell;
  }

  /** Follows an event of the run. */
  receive(event: RunEvent): void {
    if (event.event === "step" && event.stage === "distill") this.#addStep(event);
    if (event.event !== "done") return;
    this.#tellSteps();
    const { interrupted, teacherCalls, seconds } = event;
    if (!this.#hasSteps && !interrupted) this.#tellCalls(teacherCalls, seconds);
  }

  /** The run waits: the time until its next step means nothing. */
  pause(): void {
    this.#wasPaused = true;
    this.#lastStepAt = undefined;
  }

  #addStep({ seconds, teacherCalls }: Extract<RunEvent, { event: "step" }>): void {
    // The first one compiles shaders. The calls before it sampled the start image.
    if (!this.#hasSteps) this.#tellCalls(teacherCalls - 1, seconds);
    this.#hasSteps = true;
    if (this.#lastStepAt !== undefined) {
      const { count, seconds: sum } = this.#steps;
      this.#steps = { count: count + 1, seconds: sum + seconds - this.#lastStepAt };
    }
    this.#lastStepAt = seconds;
    if (this.#steps.count === STEPS_TOLD) this.#tellSteps();
  }

  #tellSteps(): void {
    if (this.#steps.count === 0) return;
    this.#tell({ preset: this.#preset, kind: "steps", ...this.#steps });
    this.#steps = { count: 0, seconds: 0 };
  }

  #tellCalls(count: number, seconds: number): void {
    if (this.#wasPaused || count < 1) return;
    this.#tell({ preset: this.#preset, kind: "calls", count, seconds });
  }
}
