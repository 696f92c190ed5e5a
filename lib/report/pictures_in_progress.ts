import type { PictureNumber, StepEvent } from "./run_event.ts";

/** Number of the only picture of a call. */
const ONLY = 0;

/** The pictures of a batch that are in progress, summarized for one line of progress. */
export class PicturesInProgress {
  /** Steps of each picture that were not shown yet, and the latest one. */
  readonly #steps = new Map<number, StepEvent[]>();
  readonly #lines = new Set<string>();
  #lastStep = -Infinity;

  /** Whether no picture is in progress. */
  get isEmpty(): boolean {
    return this.#steps.size === 0;
  }

  /** Adds a picture that starts. */
  start(picture: PictureNumber | undefined): void {
    this.#steps.set(picture?.number ?? ONLY, []);
  }

  /**
   * Adds a step of a picture.
   *
   * @returns The step to show. With one picture that is each step. With several it is the step that
   * all have reached, with the mean losses of that step; undefined until then.
   */
  add(event: StepEvent): StepEvent | undefined {
    const number = event.picture?.number ?? ONLY;
    this.#steps.set(number, [...this.#steps.get(number) ?? [], event]);
    const all = [...this.#steps.values()];
    if (all.some((steps) => steps.length === 0)) return undefined;
    const step = Math.min(...all.map((steps) => steps.at(-1)!.step));
    if (all.length > 1 && step <= this.#lastStep) return undefined;
    this.#lastStep = step;
    // A picture may be ahead of the others.
    const events = all.map((steps) => steps.find((one) => one.step >= step)!);
    for (const [key, steps] of this.#steps) {
      this.#steps.set(key, steps.filter((one, k) => one.step > step || k === steps.length - 1));
    }
    if (events.length === 1) return event;
    const mean = (of: (one: StepEvent) => number) =>
      events.reduce((sum, one) => sum + of(one), 0) / events.length;
    const names = Object.keys(event.losses);
    return {
      ...event,
      step,
      timestep: mean(({ timestep }) => timestep),
      losses: Object.fromEntries(names.map((name) => [name, mean(({ losses }) => losses[name]!)])),
    };
  }

  /** Removes a picture that has ended. */
  end(picture: PictureNumber | undefined): void {
    this.#steps.delete(picture?.number ?? ONLY);
    if (!this.isEmpty) return;
    this.#lastStep = -Infinity;
    this.#lines.clear();
  }

  /** Returns the lines that were not shown yet for a picture in progress. */
  newLines(lines: readonly string[]): string[] {
    const unknown = lines.filter((line) => !this.#lines.has(line));
    for (const line of lines) this.#lines.add(line);
    return unknown;
  }

  /** Returns a label such as "1 to 4 of 8"; "" for the only picture of a call. */
  label({ picture }: StepEvent): string {
    if (!picture) return "";
    const numbers = [...this.#steps.keys()].sort((a, b) => a - b);
    const [first = picture.number, last = first] = [numbers[0], numbers.at(-1)];
    const isRange = last - first === numbers.length - 1;
    if (first === last) return `${first} of ${picture.of}`;
    return `${isRange ? `${first} to ${last}` : numbers.join(", ")} of ${picture.of}`;
  }
}
