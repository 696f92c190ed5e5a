import type { HubProgress } from "../hub/progress.ts";

/** Speed of a download. */
export interface TransferRate {
  /** Bytes per second over the last ten seconds; 0 at the start. */
  readonly bytesPerSecond: number;
  /** Seconds left at this rate; undefined if no bytes arrive. */
  readonly secondsLeft: number | undefined;
}

/** Span over which the rate is measured, in milliseconds. */
const SPAN = 10_000;

/**
 * Creates a function that computes the rate and the remaining time from the progress so far.
 *
 * @param now Clock, in milliseconds. Default: that of the machine.
 */
export function createRateMeter(
  now: () => number = () => performance.now(),
): (progress: Pick<HubProgress, "bytesDone" | "bytesTotal">) => TransferRate {
  let samples: { time: number; bytes: number }[] = [];
  return ({ bytesDone, bytesTotal }) => {
    const time = now();
    samples = [...samples.filter((sample) => time - sample.time <= SPAN), {
      time,
      bytes: bytesDone,
    }];
    const first = samples[0]!;
    const seconds = (time - first.time) / 1000;
    const bytesPerSecond = seconds > 0 ? Math.max(0, (bytesDone - first.bytes) / seconds) : 0;
    const secondsLeft = bytesPerSecond > 0 ? (bytesTotal - bytesDone) / bytesPerSecond : undefined;
    return { bytesPerSecond, secondsLeft };
  };
}
