import type { PictureNumber, StepEvent } from "./run_event.ts";

/** Number of the only picture of a call. */
const ONLY = 0;

/** The pictures of a batch that are in progress, summarized for one line of progress. */
export class PicturesInProgress {
  readonly #steps = new Map<number, StepEvent | undefined>();
  readonly #lines = new Set<string>();
  #lastStep = -Infinity;

  /** Whether no picture is in progress. */
  get isEmpty(): boolean {
    return this.#steps.size === 0;
  }

  /** Adds a picture that starts. */
  start(picture: PictureNumber | undefined): void {
    this.#steps.set(picture?.number ?? ONLY, undefined);
  }

  /**
   * Adds a step of a picture.
   *
   * @returns The step to show. With one picture that is each step. With several it is the step that
   * all have reached, with mean losses; undefined until then.
   */
  add(event: StepEvent): StepEvent | undefined {
    this.#steps.set(event.picture?.number ?? ONLY, event);
    const events = [...this.#steps.values()].filter((one) => one !== undefined);
    if (events.length < this.#steps.size) return undefined;
    const step = Math.min(...events.map((one) => one.step));
    const isOne = events.length === 1;
    if (!isOne && step <= this.#lastStep) return undefined;
    this.#lastStep = step;
    if (isOne) return event;
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
