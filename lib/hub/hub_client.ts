import { defined } from "../text/defined.ts";
import type { HubClient } from "./request.ts";
import { DEFAULT_RETRY, type RetryPolicy } from "./retry.ts";
import type { HubSettings } from "./settings.ts";

/** Options of {@linkcode createHubClient}. */
export interface HubClientOptions {
  /** Replaces the global `fetch`. */
  readonly fetch?: typeof fetch;
  /** Number of tries, and time limits. Default: five tries. */
  readonly retry?: RetryPolicy;
  /** Called with a sentence when a download waits for the server. */
  readonly onNote?: (message: string) => void;
}

/** Creates the connection to a Hub. Nothing is requested yet. */
export function createHubClient(
  { endpoint, token }: Pick<HubSettings, "endpoint" | "token">,
  options: HubClientOptions,
): HubClient {
  return {
    endpoint,
    ...defined({ token }),
    fetch: options.fetch ?? fetch,
    retry: options.retry ?? DEFAULT_RETRY,
    ...(options.onNote && { onNote: withoutRepeats(options.onNote) }),
  };
}

/** Drops a note that equals the one before: several files wait for the same server. */
function withoutRepeats(onNote: (message: string) => void): (message: string) => void {
  let last = "";
  return (message) => {
    if (message !== last) onNote(message);
    last = message;
  };
}
