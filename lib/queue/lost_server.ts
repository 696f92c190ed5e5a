/** Time between two attempts, in milliseconds. */
const RETRY_MS = 500;

/** Classes of errors of @redis/client 6.3.1 and BullMQ 6.7.0 about a connection. */
const CLASSES =
  /^(Socket\w+Error|ConnectionTimeoutError|ConnectionClosedError|Client(Closed|Offline)Error|DisconnectsClientError|ReconnectStrategyError)$/;
/** Codes of sockets. */
const CODES = /^(ECONN\w+|EPIPE|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT)$/;
/** First word of an answer of a server that starts. */
const ANSWERS = /^(LOADING|MASTERDOWN) /;

/** Tells whether a call to the server failed because it is lost for now. */
export function isServerLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { readonly code?: unknown };
  return CLASSES.test(error.constructor.name) || CLASSES.test(error.name) ||
    CODES.test(String(code ?? "")) || ANSWERS.test(error.message);
}

/**
 * Calls again and again while the server is lost. The call must do no harm if it is made twice: the
 * answer to the first one may be lost.
 *
 * @throws The error of the call, if it is another one.
 * @throws The reason of the signal.
 */
export async function untilAnswered<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  while (true) {
    signal?.throwIfAborted();
    try {
      return await call();
    } catch (error) {
      if (!isServerLost(error)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}
