/** A frame and how long it is shown. */
export interface CoalescedFrame {
  /** Shape [H, W]. */
  readonly pixels: Uint32Array<ArrayBuffer>;
  /** Duration in ticks. */
  readonly ticks: number;
}

/** The times that a format can express. */
export interface FrameClock {
  /** Returns the tick at which a frame begins, from 0. */
  tickOf(frame: number): number;
  /** The minimum duration of a frame in ticks; frames in between are dropped. */
  readonly minTicks: number;
  /** The maximum duration of a frame in ticks. */
  readonly maxTicks: number;
}

/** Joins equal consecutive frames into one that is shown longer. */
export class FrameCoalescer {
  readonly #clock: FrameClock;
  #pending: { pixels: Uint32Array<ArrayBuffer>; readonly start: number } | undefined;
  #count = 0;

  /** Begins at frame 0. */
  constructor(clock: FrameClock) {
    this.#clock = clock;
  }

  /**
   * Adds the next frame and takes ownership of it.
   *
   * @returns The frame before, once its duration is known.
   */
  add(pixels: Uint32Array<ArrayBuffer>): CoalescedFrame | undefined {
    const { tickOf, minTicks, maxTicks } = this.#clock;
    const now = tickOf(this.#count++);
    const pending = this.#pending;
    if (pending !== undefined) {
      const fits = tickOf(this.#count) - pending.start <= maxTicks;
      if (fits && isEqual(pending.pixels, pixels)) return undefined;
      if (now - pending.start < minTicks) {
        pending.pixels = pixels;
        return undefined;
      }
    }
    this.#pending = { pixels, start: now };
    return pending && { pixels: pending.pixels, ticks: now - pending.start };
  }

  /** Returns the last frame, if there is one. */
  finish(): CoalescedFrame | undefined {
    const { tickOf, minTicks } = this.#clock;
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending === undefined) return undefined;
    const ticks = Math.max(minTicks, tickOf(this.#count) - pending.start);
    return { pixels: pending.pixels, ticks };
  }
}

function isEqual(a: Uint32Array, b: Uint32Array): boolean {
  return a.every((value, i) => value === b[i]);
}
