import { formatBytes } from "../text/format_bytes.ts";
import { formatDuration } from "../text/format_duration.ts";
import { createRateMeter, type HubProgress, type TransferRate } from "../hub/progress.ts";

/** A download has come further. */
export interface DownloadEvent extends HubProgress, TransferRate {
  readonly event: "download";
}

/** Events of one download come at least so far apart, in milliseconds. */
const INTERVAL_MS = 250;

/**
 * Creates a function that turns progress of downloads into events, a few a second.
 *
 * The first and the last of each download always come.
 *
 * @param now Clock, in milliseconds. Default: that of the machine.
 */
export function createDownloadListener(
  report: (event: DownloadEvent) => void,
  now: () => number = () => performance.now(),
): (progress: HubProgress) => void {
  let repo: string | undefined;
  let measure = createRateMeter(now);
  let toldAt = -Infinity;
  return (progress) => {
    if (progress.repo !== repo) {
      repo = progress.repo;
      measure = createRateMeter(now);
      toldAt = -Infinity;
    }
    const rate = measure(progress);
    if (now() - toldAt < INTERVAL_MS && !isComplete(progress)) return;
    toldAt = now();
    report({ event: "download", ...progress, ...rate });
  };
}

/** Tells whether all is there. */
export function isComplete({ filesDone, filesTotal }: HubProgress): boolean {
  return filesDone === filesTotal;
}

/**
 * Writes the state of a download as one line.
 *
 * @param columns Greatest length of the line; 0 leaves out the limit.
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
