import type { RunConfig } from "../../../config/run_config.ts";
import { referenceTeacherCalls } from "../../../lib/distill/sample_references.ts";
import { settleConfig } from "../../../lib/guidance/sampling_settings.ts";
import type { JournalEntry } from "./journal.ts";
import { type Job, jobKey } from "./recipe.ts";

/** A picture to make. */
export interface PlannedPicture {
  /** Its job. */
  readonly job: Job;
  /** Its config. */
  readonly config: RunConfig;
}

/** The teacher: mini, which has a CLIP. */
const MINI = { kind: "mini", source: "built in", hasClip: true } as const;

/** Estimate of the work that remains. */
export interface TimeEstimate {
  /** Teacher calls. */
  readonly teacherCalls: number;
  /** Seconds without loading; undefined if nothing was measured yet. */
  readonly seconds: number | undefined;
}

/**
 * Returns the teacher calls that the settings of a picture ask for: sampling, the choice among the
 * samples, the edits with the choice of their strength, and the distillation.
 */
export function plannedCalls({ job, config }: PlannedPicture): number {
  const { strength, strengths, sampleStrength, edits, editSteps } = config.diffusion;
  const hasImage = job.prompt.image !== undefined;
  const sampling = hasImage ? 0 : referenceTeacherCalls(settleConfig(config, MINI));
  const asked = strength !== null
    ? new Array<number>(edits).fill(strength)
    : hasImage
    ? strengths
    : [sampleStrength];
  const editing = asked.reduce((sum, one) => sum + Math.floor(one * editSteps), 0);
  // Each picture of the choice is scored at two times; the edit of a sample is not chosen.
  const scoring = strength === null && hasImage ? 2 * (asked.length + 1) : 0;
  return sampling + editing + scoring + config.training.steps;
}

/**
 * Estimates the time for pictures from those that were made: the mean of the same recipe and size,
 * else the mean time of a teacher call. Other programs on the machine change it.
 *
 * @param made Finished pictures of the same folder.
 */
export function estimateTime(
  planned: readonly PlannedPicture[],
  made: readonly JournalEntry[],
): TimeEstimate {
  const kinds = Map.groupBy(made, ({ key }) => kindOf(key));
  const calls = sum(made.map((entry) => entry.teacherCalls));
  const perCall = calls > 0 ? sum(made.map(({ seconds }) => seconds)) / calls : undefined;
  let teacherCalls = 0;
  let seconds: number | undefined = 0;
  for (const picture of planned) {
    const same = kinds.get(kindOf(jobKey(picture.job)));
    const own = same ? mean(same.map((entry) => entry.teacherCalls)) : plannedCalls(picture);
    const time: number | undefined = same
      ? mean(same.map((entry) => entry.seconds))
      : perCall && perCall * own;
    teacherCalls += own;
    seconds = time === undefined || seconds === undefined ? undefined : seconds + time;
  }
  return { teacherCalls: Math.round(teacherCalls), seconds };
}

/** Writes an estimate: "about 1,200 teacher calls and 20 min". */
export function describeEstimate({ teacherCalls, seconds }: TimeEstimate): string {
  const calls = `about ${teacherCalls.toLocaleString("en-US")} teacher calls`;
  if (seconds === undefined) return `${calls}; a time follows after the first picture`;
  return `${calls} and ${describeTime(seconds)}`;
}

function describeTime(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  const minutes = seconds / 60;
  return minutes < 90 ? `${Math.ceil(minutes)} min` : `${(minutes / 60).toFixed(1)} h`;
}

/** Set, size and recipe of a key: what decides about the time. */
function kindOf(key: string): string {
  const [set = "", format = "", recipe = ""] = key.split("/");
  return `${set} ${format.split("_")[0]} ${recipe}`;
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
