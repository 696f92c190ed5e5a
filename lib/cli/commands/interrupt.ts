/** One Ctrl-C reaches this program more than once if its parents forward it. */
const SAME_PRESS_MS = 500;

/**
 * Turns signals into the end of a run: the first asks it to stop, the second ends the program.
 * Closing the terminal (SIGHUP) and SIGTERM count as Ctrl-C (SIGINT).
 */
export class Interrupt implements Disposable {
  readonly #controller = new AbortController();
  readonly #listener: () => void;
  readonly #signals: readonly Deno.Signal[];
  #pressedAt = -Infinity;

  /**
   * Starts to listen.
   *
   * @param onFirst Called at the first signal.
   */
  constructor(onFirst: () => void) {
    this.#listener = () => {
      const now = performance.now();
      const isSamePress = now - this.#pressedAt < SAME_PRESS_MS;
      if (isSamePress) return;
      if (this.signal.aborted) Deno.exit(130);
      this.#pressedAt = now;
      this.#controller.abort(new DOMException("The run was stopped", "AbortError"));
      onFirst();
    };
    this.#signals = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM", "SIGHUP"];
    for (const signal of this.#signals) Deno.addSignalListener(signal, this.#listener);
  }

  /** Aborted by the first signal. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Stops listening. */
  [Symbol.dispose](): void {
    for (const signal of this.#signals) Deno.removeSignalListener(signal, this.#listener);
  }
}
