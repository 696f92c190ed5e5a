import { formatDuration } from "./format_text.ts";
import type { JobState, PictureState } from "../protocol/studio_api.ts";

/** Names of the stages before the first step. */
const STAGES: Readonly<Record<string, string>> = {
  load: "Loading the teacher",
  caption: "Reading the image",
  sample: "The teacher draws images to start from",
  download: "Downloading the teacher",
};

/** Says in a sentence where a job stands. */
export function describeStatus(job: JobState): string {
  const { status, stage, sample, pictures, count } = job;
  switch (status) {
    case "queued":
      return "Waiting for the job before";
    case "stopping":
      return "Stopping after this step";
    case "paused":
      return "Paused";
    case "stopped":
      return "Stopped";
    case "failed":
      return "Failed";
    case "done":
      return count > 1 ? `${pictures.length} pictures are done` : "Done";
    case "running":
      if (stage !== undefined) {
        const counted = sample ? ` (call ${sample.call} of ${sample.calls})` : "";
        return `${STAGES[stage] ?? stage}${counted}`;
      }
      return pictures.length === 0 ? "Starting" : "Drawing";
  }
}

/**
 * Share of the steps of a job that are done, in [0, 1]. While a single picture is sampled: share of
 * the teacher's calls.
 */
export function progressOf({ pictures, count, sample }: JobState): number {
  if (sample && count === 1) return sample.call / sample.calls;
  const done = pictures.map(({ step, steps, isDone }) => isDone || steps === 0 ? 1 : step / steps);
  return done.reduce((sum, one) => sum + one, 0) / count;
}

/** Expects that the next steps of a picture take as long as the last ones; undefined at first. */
export function secondsLeft(
  { seconds, step, steps }: Pick<PictureState, "seconds" | "step" | "steps">,
): number | undefined {
  const last = seconds.slice(-10);
  if (last.length < 2 || step >= steps) return undefined;
  return (last.at(-1)! - last[0]!) / (last.length - 1) * (steps - step);
}

/** Says how long a picture will take, or "". */
export function describeTimeLeft(picture: PictureState): string {
  const left = secondsLeft(picture);
  return left === undefined ? "" : `about ${formatDuration(left)} left`;
}
