import type { RunEvent } from "../report/run_event.ts";
import type { JobProgress } from "./job_server.ts";

/** Shortest time between two messages, in milliseconds. */
const INTERVAL_MS = 500;
/** Events in one message; of more, the last are sent. */
const MAX_EVENTS = 50;

/**
 * Sends the events of a run, a few times a second: of several steps or samples, the last one.
 * Messages that cannot be sent are dropped.
 */
export class ProgressSender implements AsyncDisposable {
  readonly #send: (progress: JobProgress) => Promise<void>;
  #events: RunEvent[] = [];
  #preview: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #sending = Promise.resolve();

  /** @param send Sends a message. */
  constructor(send: (progress: JobProgress) => Promise<void>) {
    this.#send = send;
  }

  /** Adds an event. */
  report(event: RunEvent): void {
    if (event.event === "step" || event.event === "sample") {
      this.#events = this.#events.filter((one) => one.event !== event.event);
    }
    this.#events = [...this.#events, event].slice(-MAX_EVENTS);
    this.#schedule();
  }

  /** Replaces the picture so far. */
  preview(png: Uint8Array): void {
    this.#preview = png.toBase64();
    this.#schedule();
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => this.#flush(), INTERVAL_MS);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#events.length === 0 && this.#preview === undefined) return;
    const progress: JobProgress = {
      events: this.#events,
      ...this.#preview === undefined ? {} : { preview: this.#preview },
    };
    this.#events = [];
    this.#preview = undefined;
    // A server that is lost keeps the messages waiting, and the run continues.
    this.#sending = this.#send(progress).catch(() => undefined);
  }

  /** Sends what is left, if the server takes it at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#flush();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => timer = setTimeout(resolve, INTERVAL_MS));
    await Promise.race([this.#sending, late]);
    clearTimeout(timer);
  }
}
