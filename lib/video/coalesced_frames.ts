/** A frame that is shown for some time. */
export interface FrameRun {
  /** Shape [H, W]. */
  readonly pixels: Uint32Array<ArrayBuffer>;
  /** How long it is shown, in ticks. */
  readonly ticks: number;
}

/** What a format can say of times. */
export interface FrameClock {
  /** Returns the tick at which a frame begins, counted from 0. */
  tickOf(frame: number): number;
  /** The shortest time that a frame is shown, in ticks; frames in between are left out. */
  readonly minimum: number;
  /** The longest time that a frame is shown, in ticks. */
  readonly maximum: number;
}

/** Joins equal frames that follow each other into one that is shown longer. */
export class FrameRuns {
  readonly #clock: FrameClock;
  #held: { pixels: Uint32Array<ArrayBuffer>; readonly start: number } | undefined;
  #count = 0;

  /** Begins at frame 0. */
  constructor(clock: FrameClock) {
    this.#clock = clock;
  }

  /**
   * Takes the next frame, which belongs to it from now on.
   *
   * @returns The frames before it, once it is known how long they are shown.
   */
  add(pixels: Uint32Array<ArrayBuffer>): FrameRun | undefined {
    const { tickOf, minimum, maximum } = this.#clock;
    const now = tickOf(this.#count++);
    const held = this.#held;
    if (held !== undefined) {
      const fits = tickOf(this.#count) - held.start <= maximum;
      if (fits && isEqual(held.pixels, pixels)) return undefined;
      if (now - held.start < minimum) {
        held.pixels = pixels;
        return undefined;
      }
    }
    this.#held = { pixels, start: now };
    return held && { pixels: held.pixels, ticks: now - held.start };
  }

  /** Returns the last frames, if there were any. */
  finish(): FrameRun | undefined {
    const { tickOf, minimum } = this.#clock;
    const held = this.#held;
    this.#held = undefined;
    if (held === undefined) return undefined;
    return { pixels: held.pixels, ticks: Math.max(minimum, tickOf(this.#count) - held.start) };
  }
}

function isEqual(a: Uint32Array, b: Uint32Array): boolean {
  return a.every((value, i) => value === b[i]);
}
