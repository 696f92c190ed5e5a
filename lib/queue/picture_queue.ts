import type { RunEvent } from "../report/run_event.ts";
import { CANCELED, cancelKey, KEY_SECONDS, triesKey } from "./job_keys.ts";
import type { JobOutcome, JobProgress, JobServer } from "./job_server.ts";
import { isServerLost, untilAnswered } from "./lost_server.ts";
import { type JobData, jobId } from "./picture_job.ts";

/** How a job is added. */
export interface AddOptions {
  /** Jobs with smaller numbers are made first; integer from 1 to 2097151. */
  readonly priority: number;
  /** Jobs that may wait; more are added when there is room again. */
  readonly maxWaiting: number;
  /** Ends the wait for room. */
  readonly signal: AbortSignal;
  /** Called once when there is no room, with the number of waiting jobs. */
  onFull?(waiting: number): void;
}

/** What is told about a job. */
export type JobUpdate =
  | { readonly type: "progress"; readonly events: readonly RunEvent[]; readonly preview?: string }
  | { readonly type: "done"; readonly outcome: JobOutcome }
  | { readonly type: "failed"; readonly message: string };

/** What a cancellation did. */
export type Cancellation = "removed" | "stopping" | "finished" | "unknown";

/** A job that was set aside. */
export interface FailedJob {
  /** Its id. */
  readonly id: string;
  /** The reason. */
  readonly message: string;
}

const FULL_MS = 500;
/** Time between two looks at jobs whose events may be lost, in milliseconds. */
const LOOK_MS = 3000;

/** A job: its id and its data. */
type JobEntry = readonly [id: string, data: JobData];

/** Limits of a group of jobs that are added together: jobs, and bytes of their input images. */
const GROUP_JOBS = 500;
const GROUP_BYTES = 4 * 2 ** 20;

/** Adds jobs, and waits for them. */
export class PictureQueue {
  readonly #server: JobServer;

  /** @param server The server; borrowed. */
  constructor(server: JobServer) {
    this.#server = server;
  }

  /**
   * Adds a job. One that is there already is not added again, unless it was set aside.
   *
   * @returns Its id.
   */
  async add(data: JobData, options: AddOptions): Promise<string> {
    const id = await jobId(data);
    await this.addAll(new Map([[id, data]]), options);
    return id;
  }

  /**
   * Adds jobs in groups: some hundred in one message to the server, as far as there is room. Those
   * that are there already are not added again, unless they were set aside.
   *
   * @param jobs Their data by id.
   * @param onAdded Called for each when the server has it.
   */
  async addAll(
    jobs: ReadonlyMap<string, JobData>,
    options: AddOptions,
    onAdded: (id: string) => void = () => {},
  ): Promise<void> {
    const { signal } = options;
    for (const group of groupsOf(jobs)) {
      const missing = await untilAnswered(() => this.#missing(group), signal);
      const isMissing = new Set(missing.map(([id]) => id));
      for (const [id] of group) if (!isMissing.has(id)) onAdded(id);
      for (let rest = missing; rest.length > 0;) {
        const room = await untilAnswered(() => this.#awaitRoom(options), signal);
        const some = rest.slice(0, room);
        await untilAnswered(() => this.#addSome(some, options), signal);
        for (const [id] of some) onAdded(id);
        rest = rest.slice(room);
      }
    }
  }

  /** Finds the jobs that the server does not have, or has set aside: these are removed there. */
  async #missing(jobs: readonly JobEntry[]): Promise<JobEntry[]> {
    const { queue } = this.#server;
    const found = await Promise.all(jobs.map(async ([id]) => {
      const job = await queue.getJob(id);
      if (job === undefined) return false;
      if (!await job.isFailed()) return true;
      await job.remove();
      return false;
    }));
    return jobs.filter((_, i) => !found[i]);
  }

  async #addSome(jobs: readonly JobEntry[], { priority }: AddOptions): Promise<void> {
    const { queue, client } = this.#server;
    await client.del(jobs.flatMap(([id]) => [cancelKey(id), triesKey(id)]));
    // A job whose id is there already changes nothing, so that this may be done twice.
    await queue.addBulk(
      jobs.map(([jobId, data]) => ({ name: "picture", data, opts: { jobId, priority } })),
    );
  }

  /** Waits until there is room. Returns for how many jobs. */
  async #awaitRoom({ maxWaiting, signal, onFull }: AddOptions): Promise<number> {
    for (let isFirst = true;; isFirst = false) {
      const { waiting } = await this.counts();
      if (waiting < maxWaiting) return maxWaiting - waiting;
      if (isFirst) onFull?.(waiting);
      await pause(FULL_MS, signal);
    }
  }

  /**
   * Waits for jobs. Those that the server has lost are added again.
   *
   * @param jobs Their data by id.
   * @param onUpdate Called with what happens to each; the last update is "done" or "failed".
   * @throws The reason of the signal.
   */
  async watch(
    jobs: ReadonlyMap<string, JobData>,
    options: AddOptions & {
      onUpdate(id: string, update: JobUpdate): void;
      onAdded(id: string): void;
    },
  ): Promise<void> {
    const { signal, onUpdate, onAdded } = options;
    const pending = new Set(jobs.keys());
    const end = (id: string, update: JobUpdate) => {
      if (pending.delete(id)) onUpdate(id, update);
    };
    const events = await this.#server.listen();
    try {
      events.on("progress", ({ jobId: id, data }) => {
        if (!pending.has(id)) return;
        const { events = [], preview } = data as unknown as JobProgress;
        onUpdate(id, { type: "progress", events, ...preview === undefined ? {} : { preview } });
      });
      const look = async (id: string) => {
        if (!pending.has(id)) return;
        try {
          const job = await this.#server.queue.getJob(id);
          if (job === undefined) return void await this.add(jobs.get(id)!, options);
          if (await job.isCompleted()) end(id, { type: "done", outcome: job.returnvalue });
          if (await job.isFailed()) end(id, { type: "failed", message: job.failedReason });
        } catch (error) {
          // It is looked at again.
          if (!isServerLost(error)) throw error;
        }
      };
      events.on("completed", ({ jobId: id }) => void look(id).catch(() => undefined));
      events.on("failed", ({ jobId: id }) => void look(id).catch(() => undefined));
      await this.addAll(jobs, options, onAdded);
      // A job that was finished before sends no event, and events may be lost.
      while (pending.size > 0) {
        for (const id of pending) await look(id);
        if (pending.size > 0) await pauseUntil(() => pending.size === 0, LOOK_MS, signal);
      }
    } finally {
      await events.close();
    }
  }

  /** Cancels a job: it is removed if it waits, and stopped after its step if it is in progress. */
  async cancel(id: string): Promise<Cancellation> {
    const { queue, client } = this.#server;
    const job = await queue.getJob(id);
    if (job === undefined) return "unknown";
    if (await job.isCompleted() || await job.isFailed()) return "finished";
    if (!await job.isActive()) {
      try {
        await job.remove();
        return "removed";
      } catch {
        // A worker has just taken it.
      }
    }
    await client.set(cancelKey(id), CANCELED, { EX: KEY_SECONDS });
    return "stopping";
  }

  /** Counts the jobs by state. */
  async counts(): Promise<Readonly<Record<"waiting" | "active" | "done" | "failed", number>>> {
    const counts = await this.#server.queue.getJobCounts();
    const of = (name: string) => counts[name] ?? 0;
    return {
      waiting: of("waiting") + of("prioritized") + of("delayed"),
      active: of("active"),
      done: of("completed"),
      failed: of("failed"),
    };
  }

  /** Lists the last jobs that were set aside. */
  async failed(count: number): Promise<FailedJob[]> {
    const jobs = await this.#server.queue.getJobs(["failed"], 0, count - 1);
    return jobs.map((job) => ({ id: job.id!, message: job.failedReason }));
  }

  /** Puts a job that was set aside into the queue again. Tells whether it was set aside. */
  async retry(id: string): Promise<boolean> {
    const job = await this.#server.queue.getJob(id);
    if (!job || !await job.isFailed()) return false;
    await this.#server.client.del([cancelKey(id), triesKey(id)]);
    await job.retry();
    return true;
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await pauseUntil(() => false, ms, signal);
}

/** Waits for a time; shorter if something is true or the signal is aborted. */
async function pauseUntil(isTrue: () => boolean, ms: number, signal: AbortSignal): Promise<void> {
  const end = performance.now() + ms;
  while (performance.now() < end && !isTrue()) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  signal.throwIfAborted();
}

/** Divides jobs into groups, each of which fits into a message. */
function* groupsOf(jobs: ReadonlyMap<string, JobData>): Generator<JobEntry[]> {
  let group: JobEntry[] = [];
  let bytes = 0;
  for (const [id, data] of jobs) {
    const size = data.image.length;
    if (group.length >= GROUP_JOBS || (group.length > 0 && bytes + size > GROUP_BYTES)) {
      yield group;
      [group, bytes] = [[], 0];
    }
    group.push([id, data]);
    bytes += size;
  }
  if (group.length > 0) yield group;
}
