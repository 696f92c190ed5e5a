import type { RunEvent } from "../report/run_event.ts";
import { CANCELED, cancelKey, KEY_SECONDS, triesKey } from "./job_keys.ts";
import type { JobFiles, PictureResult, ResultFile, SavedRun } from "./job_files.ts";
import {
  type JobOutcome,
  type JobServer,
  type LockTimes,
  type ServerJob,
  UnrecoverableError,
  WaitingError,
} from "./job_server.ts";
import { isServerLost, untilAnswered } from "./lost_server.ts";
import { decodeJob, jobId, type PictureJob } from "./picture_job.ts";
import { ProgressSender } from "./progress_sender.ts";
import { JobError } from "./queue_error.ts";

/** What a run of a job gets. */
export interface JobContext {
  /** Id of the job. */
  readonly id: string;
  /** Ends the run after the current step. */
  readonly signal: AbortSignal;
  /** The state from which the run continues; undefined for a new one. */
  readonly saved: SavedRun | undefined;
  /** Saves the state of the run for other workers. It never fails. */
  save(state: SavedRun): Promise<void>;
  /** Tells those who wait for the picture. */
  report(event: RunEvent): void;
  /** Shows them the picture so far, a PNG. */
  preview(png: Uint8Array): void;
}

/** A finished picture. */
export interface MadeJob extends Pick<PictureResult, "teacherCalls" | "seconds"> {
  /** Its files. */
  readonly files: readonly ResultFile[];
}

/** Options of {@linkcode PictureWorker}. */
export interface PictureWorkerOptions extends LockTimes {
  /** Where results and states are. */
  readonly files: JobFiles;
  /** Models that jobs may name. */
  readonly models: readonly string[];
  /**
   * Workers that may take a job without progress, before it is set aside; 1 or more. A worker that
   * is killed counts: nobody can tell whether its job is to blame.
   */
  readonly maxTries: number;
  /** Makes a picture; undefined if it was stopped. */
  make(job: PictureJob, context: JobContext): Promise<MadeJob | undefined>;
  /** Keeps the lock of a job, also while a network computes. */
  holdLock(id: string, token: string): Disposable;
  /** Checks, after the store or the disk failed, that they work again. */
  probe(): Promise<void>;
  /** Told what happens, for a log. */
  onEvent(event: WorkerEvent): void;
}

/** What happens to a job at a worker. */
export type WorkerEvent =
  | { readonly event: "taken"; readonly id: string; readonly resumedFrom: number }
  | { readonly event: "done"; readonly id: string; readonly location: string }
  /** It was made before; nothing was computed. */
  | { readonly event: "known"; readonly id: string; readonly location: string }
  | { readonly event: "returned"; readonly id: string; readonly message: string }
  | { readonly event: "retried"; readonly id: string; readonly message: string }
  | { readonly event: "set aside"; readonly id: string; readonly message: string }
  | { readonly event: "note"; readonly message: string };

/** Time between two looks whether a job was canceled, in milliseconds. */
const CANCEL_CHECK_MS = 1000;
/** Time between two looks whether the disk has room again, in milliseconds. */
const PROBE_MS = 5000;
/** Errors of the worker's surroundings, for which its job is not to blame. */
const SURROUNDINGS = ["StoreError", "OutputError"];

/** Takes jobs one by one, and makes their pictures. */
export class PictureWorker {
  readonly #server: JobServer;
  readonly #options: PictureWorkerOptions;
  readonly #worker: ReturnType<JobServer["work"]>;
  readonly #stopped = Promise.withResolvers<void>();
  #current: AbortController | undefined;
  #isStopping = false;
  #pause: Promise<void> | undefined;

  /** Prepares a worker; the server is borrowed. */
  constructor(server: JobServer, options: PictureWorkerOptions) {
    this.#server = server;
    this.#options = options;
    this.#worker = server.work((job, token) => this.#process(job, token), options);
  }

  /** Takes jobs until {@linkcode stop}, or until the worker cannot continue. */
  async run(): Promise<void> {
    // It ends when the worker is closed.
    this.#worker.run().catch((error) => this.#stopped.reject(error));
    try {
      await this.#stopped.promise;
    } finally {
      await this.#worker.close();
    }
  }

  /** Takes no more jobs; the current one is saved and goes back to the queue. */
  stop(): void {
    this.#isStopping = true;
    if (this.#current === undefined) this.#stopped.resolve();
    else this.#current.abort(new DOMException("The worker was stopped", "AbortError"));
  }

  async #process(job: ServerJob, token: string): Promise<JobOutcome> {
    const id = job.id!;
    using _ = this.#options.holdLock(id, token);
    try {
      if (this.#isStopping) return await this.#giveBack(job, token, "the worker stops");
      return await this.#makeOnce(job, id, token);
    } finally {
      this.#current = undefined;
      if (this.#isStopping) this.#stopped.resolve();
    }
  }

  /** Makes the picture of a job, unless the store has it. */
  async #makeOnce(job: ServerJob, id: string, token: string): Promise<JobOutcome> {
    const { files, onEvent } = this.#options;
    const tries = await this.#countTry(id);
    try {
      if (id !== await jobId(job.data)) throw new JobError("its id is not that of its content");
      const picture = decodeJob(job.data, this.#options.models);
      const known = await files.result(id);
      if (known) {
        onEvent({ event: "known", id, location: files.locate(id) });
        return await this.#finish(id, known);
      }
      const { maxTries } = this.#options;
      if (tries > maxTries) {
        throw new JobError(
          `${maxTries} worker${maxTries === 1 ? "" : "s"} ended while they made it`,
        );
      }
      const result = await this.#make(job, picture);
      if (result === undefined) return await this.#giveBack(job, token, "the worker stops");
      onEvent({ event: "done", id, location: files.locate(id) });
      return await this.#finish(id, result);
    } catch (error) {
      if (error instanceof WaitingError) throw error;
      return await this.#fail(error, job, { token, tries });
    }
  }

  async #make(job: ServerJob, picture: PictureJob): Promise<PictureResult | undefined> {
    const { files, make, onEvent } = this.#options;
    const id = job.id!;
    const controller = this.#current = new AbortController();
    const canceled = new JobError(CANCELED);
    const timer = setInterval(async () => {
      const isCanceled = await this.#server.client.get(cancelKey(id)).catch(() => null);
      if (isCanceled !== null) controller.abort(canceled);
    }, CANCEL_CHECK_MS);
    try {
      const saved = await files.saved(id);
      onEvent({ event: "taken", id, resumedFrom: saved?.step ?? 0 });
      await using sender = new ProgressSender((progress) => job.updateProgress({ ...progress }));
      const made = await make(picture, {
        id,
        signal: controller.signal,
        saved,
        save: (state) => this.#save(id, state),
        report: (event) => sender.report(event),
        preview: (png) => sender.preview(png),
      });
      if (controller.signal.reason === canceled) {
        await files.forget(id);
        throw canceled;
      }
      if (made === undefined) return undefined;
      const { teacherCalls, seconds } = made;
      return await files.publish(id, made.files, { teacherCalls, seconds });
    } finally {
      clearInterval(timer);
    }
  }

  /** A state that cannot be saved costs time later, but no picture. */
  async #save(id: string, state: SavedRun): Promise<void> {
    try {
      await this.#options.files.save(id, state);
      // The job makes progress.
      await this.#server.client.del(triesKey(id));
    } catch (error) {
      const message = `the state of ${id} could not be saved: ${messageOf(error)}`;
      this.#options.onEvent({ event: "note", message });
    }
  }

  async #finish(id: string, result: PictureResult): Promise<JobOutcome> {
    const { files } = this.#options;
    await files.forget(id).catch(() => undefined);
    await this.#forgetKeys(id);
    return { ...result, location: files.locate(id) };
  }

  async #countTry(id: string): Promise<number> {
    const key = triesKey(id);
    const { client } = this.#server;
    const tries = Number(await untilAnswered(() => client.incr(key)));
    await untilAnswered(() => client.expire(key, KEY_SECONDS));
    return tries;
  }

  async #forgetKeys(id: string): Promise<void> {
    await untilAnswered(() => this.#server.client.del([triesKey(id), cancelKey(id)]));
  }

  /** Puts a job back into the queue: nobody's fault. */
  async #giveBack(job: ServerJob, token: string, message: string): Promise<never> {
    try {
      await this.#server.client.del(triesKey(job.id!));
      await job.moveToWait(token);
    } catch {
      // The server is lost, or has given the job to another worker: its lock expires.
    }
    this.#options.onEvent({ event: "returned", id: job.id!, message });
    throw new WaitingError();
  }

  /** Decides what happens to a job that failed. */
  async #fail(
    error: unknown,
    job: ServerJob,
    { token, tries }: { readonly token: string; readonly tries: number },
  ): Promise<never> {
    const id = job.id!;
    const message = messageOf(error);
    if (error instanceof Error && SURROUNDINGS.includes(error.name)) {
      this.#pauseUntilProbed(message);
      await this.#giveBack(job, token, message);
    }
    if (!(error instanceof JobError) && isServerLost(error)) {
      await this.#giveBack(job, token, message);
    }
    if (error instanceof Error && error.name === "DeviceLostError") {
      // Its memory is gone; a new process gets a new device.
      this.#isStopping = true;
      this.#stopped.reject(error);
    }
    if (error instanceof JobError || tries >= this.#options.maxTries) {
      this.#options.onEvent({ event: "set aside", id, message });
      await this.#forgetKeys(id);
      throw new UnrecoverableError(message);
    }
    this.#options.onEvent({ event: "retried", id, message });
    throw error;
  }

  /** Takes no more jobs until the disk and the store work again. */
  #pauseUntilProbed(message: string): void {
    this.#options.onEvent({ event: "note", message: `waiting until this works again: ${message}` });
    this.#pause ??= this.#wait().finally(() => this.#pause = undefined);
  }

  async #wait(): Promise<void> {
    await this.#worker.pause(true);
    while (!this.#isStopping) {
      await new Promise((resolve) => setTimeout(resolve, PROBE_MS));
      try {
        await this.#options.probe();
        break;
      } catch {
        // Still not.
      }
    }
    this.#worker.resume();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
