import { formatDuration } from "../text/format_duration.ts";
import type { PictureNumber, StepEvent } from "./run_event.ts";

const BAR_COLUMNS = 24;

/**
 * Writes the state of a run as one line: bar, step, time to go, losses.
 *
 * @param first The first step of this program, from which the speed is taken.
 * @param options `columns`: greatest length of the line; 0 leaves out the bar and the limit. `label`:
 * which pictures it is of; "" for the only one.
 */
export function progressLine(
  event: StepEvent,
  first: StepEvent,
  { columns, label }: { readonly columns: number; readonly label: string },
): string {
  const { step, steps, timestep, losses } = event;
  const share = steps > 0 ? step / steps : 1;
  const full = Math.round(share * BAR_COLUMNS);
  const bar = `${"█".repeat(full)}${"░".repeat(BAR_COLUMNS - full)} `;
  const width = String(steps).length;
  const parts = [
    label,
    `step ${String(step).padStart(width)}/${steps}`,
    step > first.step && step < steps ? `ETA ${formatDuration(secondsToGo(event, first))}` : "",
    `t ${Math.round(timestep)}`,
    ...Object.entries(losses).map(([name, value]) => `${name} ${shortNumber(value)}`),
  ].filter((part) => part !== "");
  if (columns <= 0) return parts.join("  ");
  return [...bar + parts.join("  ")].slice(0, columns).join("");
}

/** Returns "picture 2 of 6". */
export function numberText({ number, of }: PictureNumber): string {
  return `picture ${number} of ${of}`;
}

function secondsToGo(event: StepEvent, first: StepEvent): number {
  const perStep = (event.seconds - first.seconds) / (event.step - first.step);
  return perStep * (event.steps - event.step);
}

/** Three digits that matter: 0.0123, 1.23, 123, 1.2e+4. */
function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e4)) return value.toExponential(1);
  return String(Number(value.toPrecision(3)));
}
