import {
  type ConnectionOptions,
  type Job,
  Queue,
  QueueEvents,
  UnrecoverableError,
  WaitingError,
  Worker,
} from "npm:bullmq@6.7.0";
import type { RunEvent } from "../report/run_event.ts";
import type { PictureResult } from "./job_files.ts";
import type { JobData } from "./picture_job.ts";
import { closeClient, connectServer, type RedisClient } from "./redis_client.ts";
import type { ServerAddress } from "./server_address.ts";

/** What a worker tells about its picture while it makes it. */
export interface JobProgress {
  /** Events since the last message, the oldest first. */
  readonly events: readonly RunEvent[];
  /** The picture so far as a PNG in base64. */
  readonly preview?: string;
}

/** What a worker returns for a finished job. */
export interface JobOutcome extends PictureResult {
  /** Where its worker has put the files. */
  readonly location: string;
}

/** A job as BullMQ hands it to a worker. */
export type ServerJob = Job<JobData, JobOutcome, string>;

export { UnrecoverableError, WaitingError };

/** Name of the queue; BullMQ's keys begin with "bull:smalti:". */
const QUEUE = "smalti";
/** Events that the server keeps for those who listen. */
const KEPT_EVENTS = 1000;
/** Finished jobs are kept this long, in seconds; the results stay in the store. */
const KEPT_SECONDS = 7 * 24 * 3600;
const KEPT_JOBS = 10_000;
/** A worker decides itself when a job is set aside. */
const MANY = 1_000_000;
const FIRST_DELAY_MS = 1000;

/** Timing of workers. */
export interface LockTimes {
  /** Time after which a job whose worker is silent is given to another one, in milliseconds. */
  readonly lockMs: number;
  /** Time between two searches for such jobs, in milliseconds. */
  readonly checkMs: number;
}

/** A connection to the server, with the parts of BullMQ that Smalti uses. */
export class JobServer implements AsyncDisposable {
  /** Plain commands. */
  readonly client: RedisClient;
  /** The queue. */
  readonly queue: Queue<JobData, JobOutcome, string>;
  readonly #owned: AsyncDisposableStack;

  private constructor(
    client: RedisClient,
    queue: Queue<JobData, JobOutcome, string>,
    owned: AsyncDisposableStack,
  ) {
    this.client = client;
    this.queue = queue;
    this.#owned = owned;
  }

  /**
   * Connects to a server.
   *
   * @param onState Called with false when the server is lost, and with true when it is back.
   * @throws {QueueError} If it does not answer.
   */
  static async connect(
    address: ServerAddress,
    onState: (isConnected: boolean) => void = () => {},
  ): Promise<JobServer> {
    const client = await connectServer(address, onState);
    await using owned = new AsyncDisposableStack();
    owned.defer(() => closeClient(client));
    const queue = new Queue<JobData, JobOutcome, string>(QUEUE, {
      connection: connectionOf(client),
      streams: { events: { maxLen: KEPT_EVENTS } },
      defaultJobOptions: {
        attempts: MANY,
        backoff: { type: "exponential", delay: FIRST_DELAY_MS },
        removeOnComplete: { age: KEPT_SECONDS, count: KEPT_JOBS },
        removeOnFail: { age: KEPT_SECONDS, count: KEPT_JOBS },
      },
    });
    // The client tells about lost connections.
    queue.on("error", () => undefined);
    owned.defer(() => queue.close());
    await queue.waitUntilReady();
    return new JobServer(client, queue, owned.move());
  }

  /** Listens to the events of all jobs; the caller closes it. */
  async listen(): Promise<QueueEvents> {
    const events = new QueueEvents(QUEUE, { connection: connectionOf(this.client) });
    events.on("error", () => undefined);
    await events.waitUntilReady();
    return events;
  }

  /** Starts to take jobs, one at a time; the caller closes it. */
  work(
    process: (job: ServerJob, token: string) => Promise<JobOutcome>,
    { lockMs, checkMs }: LockTimes,
  ): Worker<JobData, JobOutcome, string> {
    const worker = new Worker<JobData, JobOutcome, string>(
      QUEUE,
      async (job, token) => await process(job, token!),
      {
        connection: connectionOf(this.client),
        autorun: false,
        concurrency: 1,
        lockDuration: lockMs,
        stalledInterval: checkMs,
        maxStalledCount: MANY,
      },
    );
    worker.on("error", () => undefined);
    return worker;
  }

  /** Closes the connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}

/** BullMQ recognizes the client by its methods; its types know other versions of it only. */
function connectionOf(client: RedisClient): ConnectionOptions {
  return client as unknown as ConnectionOptions;
}
