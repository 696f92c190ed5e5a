import type { SampleEvent } from "./run_event.ts";

/** Number of the only picture of a call. */
const ONLY = 0;

/** The calls that sample images, summed over the pictures of a batch, for one line of progress. */
export class SamplesInProgress {
  readonly #latest = new Map<number, SampleEvent>();
  #first: SampleProgress | undefined;

  /** Adds an event of a picture. */
  add(event: SampleEvent): void {
    this.#latest.set(event.picture?.number ?? ONLY, event);
    this.#first ??= this.#sum();
  }

  /** Removes all pictures: they have started, or ended. */
  clear(): void {
    this.#latest.clear();
    this.#first = undefined;
  }

  /** The sum of all pictures; undefined if none is sampled. */
  get progress(): SampleProgress | undefined {
    if (this.#first === undefined) return undefined;
    const sum = this.#sum();
    const { call, seconds } = this.#first;
    const isMeasured = sum.call > call && sum.call < sum.calls;
    const perCall = (sum.seconds - seconds) / (sum.call - call);
    return isMeasured ? { ...sum, secondsLeft: perCall * (sum.calls - sum.call) } : sum;
  }

  #sum(): SampleProgress {
    const events = [...this.#latest.values()];
    return {
      call: events.reduce((sum, { call }) => sum + call, 0),
      calls: events.reduce((sum, { calls }) => sum + calls, 0),
      seconds: Math.max(...events.map(({ seconds }) => seconds)),
    };
  }
}

/** How far the sampling of the images to start from is. */
export interface SampleProgress {
  /** Teacher calls done. */
  readonly call: number;
  /** Teacher calls in all. */
  readonly calls: number;
  /** Seconds since the start. */
  readonly seconds: number;
  /** Expected seconds to the last call; undefined until two were measured. */
  readonly secondsLeft?: number;
}
