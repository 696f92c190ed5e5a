import type { HubProgress } from "../hub/progress.ts";
import { createRateMeter } from "./transfer_rate.ts";
import type { DownloadEvent } from "./run_event.ts";

/** Minimum time between two events of one download, in milliseconds. */
const INTERVAL_MS = 250;

/**
 * Creates a function that turns progress of downloads into events, a few a second.
 *
 * The first and the last event of each download always come.
 *
 * @param now Clock, in milliseconds. Default: that of the machine.
 */
export function createDownloadListener(
  report: (event: DownloadEvent) => void,
  now: () => number = () => performance.now(),
): (progress: HubProgress) => void {
  let repo: string | undefined;
  let measure = createRateMeter(now);
  let reportedAt = -Infinity;
  return (progress) => {
    if (progress.repo !== repo) {
      repo = progress.repo;
      measure = createRateMeter(now);
      reportedAt = -Infinity;
    }
    const rate = measure(progress);
    if (now() - reportedAt < INTERVAL_MS && !isComplete(progress)) return;
    reportedAt = now();
    report({ event: "download", ...progress, ...rate });
  };
}

/** Tells whether all files are downloaded. */
export function isComplete({ filesDone, filesTotal }: HubProgress): boolean {
  return filesDone === filesTotal;
}
