import type { Session } from "../runtime/session.ts";

/**
 * A network that is loaded once for several callers, each with its own signal.
 *
 * The loading is canceled when all callers have canceled. The first caller owns the weights that
 * are read, so it waits until the loading ends, even if it cancels; the others leave immediately.
 */
export class SharedLoad {
  /** The loaded network. */
  readonly session: Promise<Session>;
  readonly #controller = new AbortController();
  readonly #onCanceled: () => void;
  #hasOwner = false;
  #waiting = 0;

  /**
   * Starts to load.
   *
   * @param load Loads the network until the signal cancels it.
   * @param onCanceled Called when the loading is canceled; nobody may wait for it from then on.
   */
  constructor(load: (signal: AbortSignal) => Promise<Session>, onCanceled: () => void) {
    this.#onCanceled = onCanceled;
    this.session = load(this.#controller.signal);
    // Each caller that waits is told of a failure; there may be none left.
    this.session.catch(() => {});
  }

  /**
   * Waits for the network. The first call must come from the caller whose weights are read.
   *
   * @param signal Cancels the waiting.
   * @throws What the loading throws, or the reason of the signal.
   */
  async wait(signal?: AbortSignal): Promise<Session> {
    const isOwner = !this.#hasOwner;
    this.#hasOwner = true;
    this.#waiting++;
    if (!signal) return await this.session;
    const canceled = Promise.withResolvers<never>();
    // A caller that is the owner may never look at it.
    canceled.promise.catch(() => {});
    const cancel = () => {
      if (--this.#waiting === 0) {
        this.#onCanceled();
        this.#controller.abort(signal.reason);
      }
      canceled.reject(signal.reason);
    };
    signal.addEventListener("abort", cancel, { once: true });
    try {
      const session =
        await (isOwner ? this.session : Promise.race([this.session, canceled.promise]));
      signal.throwIfAborted();
      return session;
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  }
}
