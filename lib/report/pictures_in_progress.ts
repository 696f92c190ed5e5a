import type { PictureNumber, StepEvent } from "./run_event.ts";

/** Stands for the only picture of a call. */
const ONLY = 0;

/** The pictures that are being made at once, as one line tells of them. */
export class PicturesInProgress {
  readonly #steps = new Map<number, StepEvent | undefined>();
  readonly #lines = new Set<string>();
  #told = -Infinity;

  /** Whether there is none. */
  get isEmpty(): boolean {
    return this.#steps.size === 0;
  }

  /** Adds a picture that begins. */
  begin(picture: PictureNumber | undefined): void {
    this.#steps.set(picture?.number ?? ONLY, undefined);
  }

  /**
   * Takes in a step of a picture.
   *
   * @returns What there is to tell: of one picture each step; of several, when all have made a step,
   * that step, with the means of what differs. Else undefined.
   */
  add(event: StepEvent): StepEvent | undefined {
    this.#steps.set(event.picture?.number ?? ONLY, event);
    const events = [...this.#steps.values()].filter((one) => one !== undefined);
    if (events.length < this.#steps.size) return undefined;
    const step = Math.min(...events.map((one) => one.step));
    const isOne = events.length === 1;
    if (!isOne && step <= this.#told) return undefined;
    this.#told = step;
    if (isOne) return event;
    const mean = (of: (one: StepEvent) => number) =>
      events.reduce((sum, one) => sum + of(one), 0) / events.length;
    const names = Object.keys(event.losses);
    return {
      ...{ ...event, step, timestep: mean(({ timestep }) => timestep) },
      losses: Object.fromEntries(names.map((name) => [name, mean(({ losses }) => losses[name]!)])),
    };
  }

  /** Removes a picture that has ended. */
  end(picture: PictureNumber | undefined): void {
    this.#steps.delete(picture?.number ?? ONLY);
    if (!this.isEmpty) return;
    this.#told = -Infinity;
    this.#lines.clear();
  }

  /** Leaves out lines that were told of another one of these pictures. */
  news(lines: readonly string[]): string[] {
    const unknown = lines.filter((line) => !this.#lines.has(line));
    for (const line of lines) this.#lines.add(line);
    return unknown;
  }

  /** Returns "1 to 4 of 8"; "" for the only picture of a call. */
  label({ picture }: StepEvent): string {
    if (!picture) return "";
    const numbers = [...this.#steps.keys()].sort((a, b) => a - b);
    const [first = picture.number, last = first] = [numbers[0], numbers.at(-1)];
    const isRow = last - first === numbers.length - 1;
    const shown = first === last
      ? String(first)
      : isRow
      ? `${first} to ${last}`
      : numbers.join(", ");
    return `${shown} of ${picture.of}`;
  }
}
