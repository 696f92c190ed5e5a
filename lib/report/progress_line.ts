import { formatBytes } from "../text/format_bytes.ts";
import { formatDuration } from "../text/format_duration.ts";
import { isComplete } from "./download_listener.ts";
import type { DownloadEvent, StepEvent } from "./run_event.ts";
import type { SampleProgress } from "./samples_in_progress.ts";

const BAR_COLUMNS = 24;

/**
 * Writes the state of a run as one line: bar, step, remaining time, losses.
 *
 * @param first The first step of this process; the speed is measured from there.
 * @param options.columns Maximum length of the line; 0 means no bar and no limit.
 * @param options.label Names the pictures, such as "2 of 6"; "" for a single one.
 */
export function progressLine(
  event: StepEvent,
  first: StepEvent,
  { columns, label }: { readonly columns: number; readonly label: string },
): string {
  const { step, steps, timestep, losses } = event;
  const width = String(steps).length;
  const parts = [
    label,
    `step ${String(step).padStart(width)}/${steps}`,
    step > first.step && step < steps ? `ETA ${formatDuration(secondsLeftOf(event, first))}` : "",
    `t ${Math.round(timestep)}`,
    ...Object.entries(losses).map(([name, value]) => `${name} ${shortNumber(value)}`),
  ].filter((part) => part !== "");
  return withBar(parts, steps > 0 ? step / steps : 1, columns);
}

/**
 * Writes how far the sampling of the images to start from is as one line.
 *
 * @param columns Maximum length of the line; 0 means no bar and no limit.
 */
export function sampleLine({ call, calls, secondsLeft }: SampleProgress, columns: number): string {
  const parts = [`sample: teacher call ${String(call).padStart(String(calls).length)}/${calls}`];
  if (secondsLeft !== undefined) parts.push(`ETA ${formatDuration(secondsLeft)}`);
  return withBar(parts, call / calls, columns);
}

/** @param share What is done, in [0, 1]. */
function withBar(parts: readonly string[], share: number, columns: number): string {
  if (columns <= 0) return parts.join("  ");
  const full = Math.round(share * BAR_COLUMNS);
  const bar = `${"█".repeat(full)}${"░".repeat(BAR_COLUMNS - full)} `;
  return [...bar + parts.join("  ")].slice(0, columns).join("");
}

/**
 * Writes the state of a download as one line.
 *
 * @param columns Maximum length of the line; 0 means no limit.
 */
export function downloadLine(event: DownloadEvent, columns: number): string {
  const { repo, bytesDone, bytesTotal, filesDone, filesTotal } = event;
  const { bytesPerSecond, secondsLeft } = event;
  const isDone = isComplete(event);
  const parts = [
    `${isDone ? "downloaded" : "downloading"} ${repo}`,
    `${formatBytes(bytesDone)} of ${formatBytes(bytesTotal)}`,
    `${filesDone}/${filesTotal} files`,
    bytesPerSecond > 0 ? `${formatBytes(bytesPerSecond)}/s` : "",
    secondsLeft !== undefined && !isDone ? `ETA ${formatDuration(secondsLeft)}` : "",
  ].filter((part) => part !== "");
  const line = parts.join("  ");
  return columns > 0 ? line.slice(0, columns) : line;
}

function secondsLeftOf(event: StepEvent, first: StepEvent): number {
  const perStep = (event.seconds - first.seconds) / (event.step - first.step);
  return perStep * (event.steps - event.step);
}

/** Writes three significant digits: 0.0123, 1.23, 123, 1.2e+4. */
function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e4)) return value.toExponential(1);
  return String(Number(value.toPrecision(3)));
}
