import type { RunCheckpoint } from "../../../lib/run/checkpoint.ts";

/** Returns a checkpoint whose logits and moments are zero. */
export function fakeCheckpoint(
  part: Pick<RunCheckpoint, "height" | "width" | "palette" | "step" | "seed">,
): RunCheckpoint {
  const zeros = new Float32Array(part.height * part.width * part.palette.size);
  return {
    ...part,
    name: `step ${part.step}`,
    editSteps: 0,
    edit: undefined,
    optimizerStep: part.step,
    teacherCalls: part.step,
    logits: zeros,
    moment1: zeros,
    moment2: zeros,
  };
}
