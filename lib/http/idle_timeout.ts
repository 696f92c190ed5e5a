/** Bytes that must arrive within the time limit: a server that sends less counts as silent. */
const MIN_BYTES = 32_768;
/** Default of `noticeAfter`, in milliseconds. */
const NOTICE_AFTER = 5000;

/** Options of {@linkcode IdleTimeout}. */
export interface IdleTimeoutOptions {
  /** Time in which 32 kB must arrive, in milliseconds. */
  readonly limit: number;
  /** Silence before the listener is called, in milliseconds. Default: 5000. */
  readonly noticeAfter?: number;
  /** Called once for each silence, with the seconds that are left. */
  readonly onSilence?: (secondsLeft: number) => void;
}

/**
 * Aborts a transfer that is silent or too slow: less than 32 kB arrive within the limit.
 *
 * The wait for the first byte counts too. Dispose of it when the transfer has ended.
 */
export class IdleTimeout implements Disposable {
  readonly #controller = new AbortController();
  readonly #options: IdleTimeoutOptions;
  #limitTimer: ReturnType<typeof setTimeout> | undefined;
  #noticeTimer: ReturnType<typeof setTimeout> | undefined;
  #received = 0;

  /** Starts to wait. */
  constructor(options: IdleTimeoutOptions) {
    this.#options = options;
    this.#restart();
  }

  /** Aborted when the limit is exceeded; the reason tells it. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Counts bytes that have arrived. */
  add(byteLength: number): void {
    this.#received += byteLength;
    if (this.#received >= MIN_BYTES) this.#restart();
  }

  /** Stops to wait. */
  [Symbol.dispose](): void {
    clearTimeout(this.#limitTimer);
    clearTimeout(this.#noticeTimer);
  }

  #restart(): void {
    this[Symbol.dispose]();
    this.#received = 0;
    const { limit, noticeAfter = NOTICE_AFTER, onSilence } = this.#options;
    this.#limitTimer = setTimeout(() => {
      const found = this.#received === 0 ? "no data" : `only ${this.#received} bytes`;
      this.#controller.abort(new Error(`the server sent ${found} for ${limit / 1000} seconds`));
    }, limit);
    if (onSilence === undefined || limit <= noticeAfter) return;
    const secondsLeft = Math.round((limit - noticeAfter) / 1000);
    this.#noticeTimer = setTimeout(() => onSilence(secondsLeft), noticeAfter);
  }
}
