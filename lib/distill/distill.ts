import type { StepReport } from "../run/step_report.ts";
import type { Run } from "./run.ts";

/** Options of {@linkcode distill}. */
export interface DistillOptions {
  /** Ends the loop after the current step. */
  readonly signal?: AbortSignal;
}

/**
 * Makes the remaining steps of a run, and yields a report of each.
 *
 * The loop may end at any step, by `break` or by the signal. A later call continues the run.
 */
export async function* distill(
  run: Run,
  options: DistillOptions = {},
): AsyncGenerator<StepReport, void, void> {
  while (run.step < run.steps && !options.signal?.aborted) {
    yield await run.makeStep();
  }
}
