import { HubError } from "./hub_error.ts";

/** How often and after which pauses a request is made again. Times are in milliseconds. */
export interface RetryPolicy {
  /** Number of tries in all, at least 1. */
  readonly tries: number;
  /** Pause after the first failure; it doubles from one to the next. */
  readonly firstPause: number;
  /** Longest pause by our own choice. */
  readonly longestPause: number;
  /** Longest pause that a server may ask for; with more, the request fails at once. */
  readonly longestRetryAfter: number;
  /** Time without a byte after which a transfer counts as cut. */
  readonly stall: number;
}

/** Pauses of 1, 2, 4 and 8 seconds; at most five minutes if the server asks for them. */
export const DEFAULT_RETRY: RetryPolicy = {
  tries: 5,
  firstPause: 1000,
  longestPause: 30_000,
  longestRetryAfter: 300_000,
  stall: 60_000,
};

/**
 * Does something that may fail for a while, again and again with growing pauses.
 *
 * @param action Is told how to say that it got on: failures are counted anew from there.
 * @throws {HubError} The last failure, or the first that is not transient.
 */
export async function withRetries<T>(
  policy: RetryPolicy,
  signal: AbortSignal | undefined,
  action: (gotOn: () => void) => Promise<T>,
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
      const wished = error.retryAfter ?? 0;
      if (wished > policy.longestRetryAfter) throw error;
      await pause(Math.max(wished, pauseAfter(policy, failures)), signal);
    }
  }
}

/** Returns the pause after some failures in a row, in milliseconds. */
export function pauseAfter(policy: RetryPolicy, failures: number): number {
  return Math.min(policy.longestPause, policy.firstPause * 2 ** (failures - 1));
}

/** Waits, unless the signal ends it. */
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
