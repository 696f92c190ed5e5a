/** How far a download is. */
export interface HubProgress {
  /** Repository. */
  readonly repo: string;
  /** File that moved last; undefined at the start. */
  readonly path?: string;
  /** What is there, in bytes; what was there before counts too. It falls if a file begins anew. */
  readonly bytesDone: number;
  /** What is needed, in bytes. */
  readonly bytesTotal: number;
  /** Number of files that are complete. */
  readonly filesDone: number;
  /** Number of files that are needed. */
  readonly filesTotal: number;
}

/** How fast a download is. */
export interface TransferRate {
  /** Bytes per second over the last seconds; 0 at the start. */
  readonly bytesPerSecond: number;
  /** Seconds that are left at this rate; undefined if it stands. */
  readonly secondsLeft: number | undefined;
}

/** Span over which the rate is measured, in milliseconds. */
const SPAN = 10_000;

/**
 * Creates a function that turns progress into rate and remaining time.
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
