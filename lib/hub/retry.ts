import { HubError } from "./hub_error.ts";

/** Number of tries of a request, and the pauses between them. Times are in milliseconds. */
export interface RetryPolicy {
  /** Number of tries, at least 1. */
  readonly tries: number;
  /** Pause after the first failure, in milliseconds. It doubles with each failure in a row. */
  readonly firstPause: number;
  /** Maximum pause that the client chooses, in milliseconds; a server may ask for a longer one. */
  readonly maxPause: number;
  /** Maximum pause that a server may ask for, in milliseconds. If it asks for more, it fails. */
  readonly maxRetryAfter: number;
  /** Milliseconds in which 32 kB must arrive. Otherwise the transfer counts as cut off. */
  readonly idleTimeout: number;
}

/** Pauses of 1, 2, 4 and 8 seconds; at most five minutes if the server asks for them. */
export const DEFAULT_RETRY: RetryPolicy = {
  tries: 5,
  firstPause: 1000,
  maxPause: 30_000,
  maxRetryAfter: 300_000,
  idleTimeout: 60_000,
};

/** Pauses from this length on are announced, in milliseconds. */
const ANNOUNCED_PAUSE = 5000;

/** Options of {@linkcode withRetries}. */
export interface RetryOptions {
  /** Number of tries and pauses. */
  readonly policy: RetryPolicy;
  /** Aborts a pause. */
  readonly signal?: AbortSignal;
  /** Called with a sentence before a pause of five seconds or more. */
  readonly onNote?: (message: string) => void;
}

/**
 * Repeats an action that fails temporarily, with growing pauses.
 *
 * @param action Calls `onProgress` when it has advanced: failures are counted anew from there.
 * @throws {HubError} The last failure, or the first that is not transient.
 */
export async function withRetries<T>(
  { policy, signal, onNote }: RetryOptions,
  action: (onProgress: () => void) => Promise<T>,
): Promise<T> {
  let failures = 0;
  while (true) {
    try {
      return await action(() => failures = 0);
    } catch (error) {
      failures++;
      signal?.throwIfAborted();
      if (!(error instanceof HubError) || !error.isTransient || failures >= policy.tries) {
        throw error;
      }
      const requested = error.retryAfter ?? 0;
      if (requested > policy.maxRetryAfter) throw error;
      const milliseconds = Math.max(requested, pauseAfter(policy, failures));
      if (milliseconds >= ANNOUNCED_PAUSE) {
        const seconds = Math.ceil(milliseconds / 1000);
        const count = `try ${failures + 1} of ${policy.tries}`;
        onNote?.(`Waiting ${seconds} seconds before ${count}: ${error.message}`);
      }
      await pause(milliseconds, signal);
    }
  }
}

/** Returns the pause after some failures in a row, in milliseconds. */
export function pauseAfter(policy: RetryPolicy, failures: number): number {
  return Math.min(policy.maxPause, policy.firstPause * 2 ** (failures - 1));
}

/**
 * Waits.
 *
 * @throws The reason of the signal, if it is aborted.
 */
export async function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = () => reject(signal!.reason);
  const timer = setTimeout(resolve, milliseconds);
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

/**
 * Reads the pause that a server asks for: `Retry-After` in seconds or as a date, or the Hub's own
 * `RateLimit: "api";r=0;t=55`.
 *
 * @param now Time, in milliseconds since 1970.
 * @returns Milliseconds; undefined if it asks for none.
 */
export function readRetryAfter(headers: Headers, now: number): number | undefined {
  const text = headers.get("retry-after")?.trim();
  if (text !== undefined) {
    if (/^\d+$/.test(text)) return Number(text) * 1000;
    const date = Date.parse(text);
    if (!Number.isNaN(date)) return Math.max(0, date - now);
  }
  const [, seconds] = /;\s*r\s*=\s*0\s*;\s*t\s*=\s*(\d+)/.exec(headers.get("ratelimit") ?? "") ??
    [];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}
