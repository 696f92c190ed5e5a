import type { StudioEvent } from "./protocol/studio_api.ts";

/** An event with its number. */
interface NumberedEvent {
  readonly number: number;
  readonly event: StudioEvent;
}

/** Events that are kept for pages that reconnect. */
const MAX_EVENTS = 20_000;
/** Indices of pictures, in base64, that are kept in all. */
const MAX_TEXT = 2 ** 26;
/** A comment this often keeps the connection open, and finds pages that have gone. */
const PING_MS = 15_000;

/**
 * The events of a studio, as server-sent events.
 *
 * Each has an id: the name of this log, and a number. A page that reconnects tells the last id that
 * it got, and gets what it missed. If that is no longer kept, or is of an earlier server, it gets
 * the whole state instead.
 */
export class EventLog {
  readonly #name: string;
  readonly #state: () => StudioEvent;
  readonly #events: NumberedEvent[] = [];
  readonly #listeners = new Set<(event: NumberedEvent) => void>();
  readonly #closers = new Set<() => void>();
  #number = 0;
  #textLength = 0;

  /**
   * @param name Unique name, such as a random number: numbers of another log mean nothing here.
   * @param state Returns the whole state, as an event.
   */
  constructor(name: string, state: () => StudioEvent) {
    this.#name = name;
    this.#state = state;
  }

  /** Adds an event and sends it to all pages. */
  add(event: StudioEvent): void {
    const numbered = { number: ++this.#number, event };
    this.#events.push(numbered);
    this.#textLength += textLength(event);
    while (this.#events.length > MAX_EVENTS || this.#textLength > MAX_TEXT) {
      this.#textLength -= textLength(this.#events.shift()!.event);
    }
    for (const listener of this.#listeners) listener(numbered);
  }

  /** Ends all streams; pages that are still there open them again. */
  closeAll(): void {
    for (const close of [...this.#closers]) close();
  }

  /**
   * Opens a stream of server-sent events.
   *
   * @param lastId The last id that the page got; null if it got none.
   */
  open(lastId: string | null): Response {
    const encoder = new TextEncoder();
    const missed = this.#missed(lastId);
    let close = () => {};
    let onCancel = () => {};
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        const send = ({ number, event }: NumberedEvent) =>
          controller.enqueue(encoder.encode(this.#format(number, event)));
        controller.enqueue(encoder.encode("retry: 1000\n\n"));
        for (const event of missed ?? [{ number: this.#number, event: this.#state() }]) send(event);
        this.#listeners.add(send);
        const ping = () => controller.enqueue(encoder.encode(": still here\n\n"));
        const timer = setInterval(ping, PING_MS);
        const end = () => {
          this.#listeners.delete(send);
          this.#closers.delete(close);
          clearInterval(timer);
        };
        close = () => {
          end();
          controller.close();
        };
        this.#closers.add(close);
        onCancel = end;
      },
      cancel: () => onCancel(),
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  }

  /** Returns the events after an id; undefined if they are not all there. */
  #missed(lastId: string | null): readonly NumberedEvent[] | undefined {
    const [name, number] = lastId?.split("-") ?? [];
    if (name !== this.#name || number === undefined || !/^\d+$/.test(number)) return undefined;
    const last = Number(number);
    const first = this.#events[0]?.number ?? this.#number + 1;
    if (last > this.#number || last < first - 1) return undefined;
    return this.#events.filter((event) => event.number > last);
  }

  #format(number: number, event: StudioEvent): string {
    return `id: ${this.#name}-${number}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
  }
}

function textLength(event: StudioEvent): number {
  return event.type === "step" ? event.indices.length : 0;
}
