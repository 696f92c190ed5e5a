import type { JobState, MapKind } from "./protocol/studio_api.ts";
import type { Jobs, NewJob } from "./jobs.ts";
import type { DrawnMaps, FromWorker, ToWorker } from "./run_messages.ts";

/** The worker that makes pictures, or a fake. */
export interface RunWorker {
  onmessage: ((event: MessageEvent<FromWorker>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  postMessage(message: ToWorker): void;
  terminate(): void;
}

/** Starts the worker in which pictures are made. */
export function startRunWorker(): RunWorker {
  return new Worker(import.meta.resolve("./run_worker.ts"), { type: "module" });
}

/** Hands jobs to the worker, and its messages to the list of jobs. */
export class Maker {
  readonly #jobs: Jobs;
  readonly #start: () => RunWorker;
  readonly #maps = new Map<number, PromiseWithResolvers<DrawnMaps | undefined>>();
  #worker: RunWorker | undefined;
  #request = 0;

  /** @param start Starts a worker: {@linkcode startRunWorker}, or a fake. */
  constructor(jobs: Jobs, start: () => RunWorker) {
    this.#jobs = jobs;
    this.#start = start;
  }

  /** Adds a job. @param args Arguments of `generate`. */
  make(job: NewJob, args: readonly string[]): JobState {
    const state = this.#jobs.add(job);
    this.#send({ type: "make", job: state.id, args });
    return state;
  }

  /** Makes a job wait after its step. */
  pause(job: string): void {
    this.#jobs.setStatus(job, "paused");
    this.#send({ type: "pause", job });
  }

  /** Continues a paused job. */
  resume(job: string): void {
    this.#jobs.setStatus(job, "running");
    this.#send({ type: "resume", job });
  }

  /** Ends a job after its step; what is made is written. */
  cancel(job: string): void {
    this.#jobs.setStatus(job, "stopping");
    this.#send({ type: "cancel", job });
  }

  /**
   * Draws maps of a running picture, when a later step than the given one is done.
   *
   * @returns undefined if the run has ended before.
   */
  async maps(
    job: string,
    number: number,
    { kinds, after }: { readonly kinds: readonly MapKind[]; readonly after: number },
  ): Promise<DrawnMaps | undefined> {
    if (!this.#jobs.open.includes(job)) return undefined;
    const request = ++this.#request;
    const waiting = Promise.withResolvers<DrawnMaps | undefined>();
    this.#maps.set(request, waiting);
    this.#send({ type: "maps", job, number, kinds, after, request });
    try {
      return await waiting.promise;
    } finally {
      this.#maps.delete(request);
    }
  }

  /** Ends the worker. */
  close(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    for (const { resolve } of this.#maps.values()) resolve(undefined);
  }

  #send(message: ToWorker): void {
    this.#worker ??= this.#open();
    this.#worker.postMessage(message);
  }

  #open(): RunWorker {
    const worker = this.#start();
    worker.onmessage = ({ data }) => {
      if (data.type === "maps") this.#maps.get(data.request)?.resolve(data.maps);
      else this.#jobs.receive(data);
    };
    // The next job starts a new one.
    worker.onerror = (event) => {
      event.preventDefault();
      this.close();
      const error = `Cannot continue: ${event.message}`;
      for (const job of this.#jobs.open) {
        this.#jobs.receive({ type: "end", job, stopped: false, error });
      }
    };
    return worker;
  }
}
