import type { StepReport } from "../run/step_report.ts";
import type { Run } from "./run.ts";

/** Options of {@linkcode distill}. */
export interface DistillOptions {
  /** Ends the loop after the step that is being made; what was made stays valid. */
  readonly signal?: AbortSignal;
}

/**
 * Makes the steps of a run that are left, and tells of each.
 *
 * It may be left at any step, by `break` or by the signal, and be called again later: the run goes
 * on where it was.
 */
export async function* distill(
  run: Run,
  options: DistillOptions = {},
): AsyncGenerator<StepReport, void, void> {
  while (run.step < run.config.training.steps && !options.signal?.aborted) {
    yield await run.makeStep();
  }
}
