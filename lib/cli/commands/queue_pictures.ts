import { decodeImage } from "../../image/formats/decode_image.ts";
import { JobServer } from "../../queue/job_server.ts";
import { encodeJob, type JobData, jobId } from "../../queue/picture_job.ts";
import { type JobUpdate, PictureQueue } from "../../queue/picture_queue.ts";
import type { ServerAddress } from "../../queue/server_address.ts";
import { NumberedReporter } from "../../report/numbered_reporter.ts";
import type { Reporter } from "../../report/reporter.ts";
import { shorten } from "../../text/visible_text.ts";
import type { FlagsOf } from "../flags/flag_table.ts";
import { parseCount } from "../flags/parse_values.ts";
import type { PictureOrder } from "./make_picture.ts";

/** Options of {@linkcode queuePictures}. */
export interface QueuePicturesOptions {
  /** The server. */
  readonly address: ServerAddress;
  /** Flags of the command. */
  readonly flags: FlagsOf<"generate">;
  /** Content of the input image's file. */
  readonly image: Uint8Array<ArrayBuffer> | undefined;
  /** Gets the events. */
  readonly reporter: Reporter;
  /** Ends the wait; the jobs stay. */
  readonly signal: AbortSignal;
}

/** Jobs made first have small numbers; BullMQ's largest is 2097151. */
const DEFAULT_PRIORITY = 100;
const MAX_PRIORITY = 2_097_151;
/** Jobs that may wait at the server, by default. */
const DEFAULT_MAX_WAITING = 10_000;
/** Events of workers that are passed on. */
const PASSED_ON: readonly string[] = ["start", "stage", "sample", "note", "step"];

/** Some pictures were set aside. */
class SetAsideError extends Error {
  /** Name of the class, as it is printed. */
  override readonly name = "SetAsideError";
}

/**
 * Makes pictures by the workers of a queue. Each keeps its result in the workers' store.
 *
 * @throws {QueueError} If the server does not answer.
 * @throws {JobError} If an input image is too large.
 * @throws {SetAsideError} If a picture was set aside.
 */
export async function queuePictures(
  orders: readonly PictureOrder[],
  { address, flags, image, reporter, signal }: QueuePicturesOptions,
): Promise<void> {
  const priority = parseCount(flags.priority ?? DEFAULT_PRIORITY, "--priority", MAX_PRIORITY);
  const maxWaiting = parseCount(
    flags.maxWaiting ?? DEFAULT_MAX_WAITING,
    "--max-waiting",
    Number.MAX_SAFE_INTEGER,
  );
  const jobs = new Map<string, { readonly order: PictureOrder; readonly data: JobData }>();
  for (const order of orders) {
    const data = encodeJob({ config: order.config, palette: order.inputs.palette!, image });
    jobs.set(await jobId(data), { order, data });
  }
  const numbered = new NumberedReporter(reporter);
  const note = (message: string) => numbered.report({ event: "note", message });
  for (const { notes } of orders) for (const message of notes) note(message);
  await using server = await JobServer.connect(address, (isConnected) => {
    note(isConnected ? "the queue's server answers" : "the queue's server is lost; trying again");
  });
  const queue = new PictureQueue(server);
  const options = {
    priority,
    maxWaiting,
    signal,
    onFull: (waiting: number) => note(`${waiting} jobs wait; adding more when there is room`),
  };
  try {
    if (flags.detach) {
      const data = new Map([...jobs].map(([id, { data }]) => [id, data]));
      return await queue.addAll(data, options, (id) => note(`added ${id}`));
    }
    const watcher = new JobWatcher(jobs, { reporter, numbered });
    await queue.watch(new Map([...jobs].map(([id, { data }]) => [id, data])), {
      ...options,
      onAdded: (id) => note(`added ${id}`),
      onUpdate: (id, update) => watcher.update(id, update),
    });
    await watcher.end();
  } catch (error) {
    if (!(signal.aborted && error === signal.reason)) throw error;
    note("the workers continue; deno task queue cancel <id> ends a job");
  }
}

/** Reports what workers tell about their pictures. */
class JobWatcher {
  readonly #reporters: ReadonlyMap<string, Reporter>;
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #note: (message: string) => void;
  readonly #failures: string[] = [];
  #previews = Promise.resolve();

  constructor(
    jobs: ReadonlyMap<string, { readonly order: PictureOrder }>,
    { reporter, numbered }: { readonly reporter: Reporter; readonly numbered: NumberedReporter },
  ) {
    const of = jobs.size;
    this.#numbers = new Map([...jobs].map(([id, { order }]) => [id, order.number]));
    this.#reporters = new Map(
      [...this.#numbers].map((
        [id, number],
      ) => [id, of > 1 ? numbered.of({ number, of }) : reporter]),
    );
    this.#note = (message) => numbered.report({ event: "note", message });
  }

  update(id: string, update: JobUpdate): void {
    const reporter = this.#reporters.get(id)!;
    if (update.type === "progress") {
      for (const event of update.events) {
        if (PASSED_ON.includes(event.event)) reporter.report(event);
      }
      if (update.preview !== undefined) this.#show(reporter, update.preview);
    } else if (update.type === "done") {
      const { location, files, seconds, teacherCalls } = update.outcome;
      reporter.report({
        event: "done",
        folder: location,
        files: Object.keys(files).map((name) => `${location}/${name}`),
        seconds,
        teacherCalls,
        interrupted: false,
      });
    } else {
      this.#failures.push(update.message);
      const number = this.#numbers.get(id)!;
      this.#note(`picture ${number} (${id}) was set aside: ${shorten(update.message)}`);
    }
  }

  #show(reporter: Reporter, preview: string): void {
    if (!reporter.wantsPreview) return;
    this.#previews = this.#previews.then(async () => {
      try {
        const bytes = Uint8Array.fromBase64(preview);
        reporter.preview(await decodeImage(bytes, { name: "preview", onNote: () => undefined }));
      } catch {
        // A preview matters less than the picture.
      }
    });
  }

  async end(): Promise<void> {
    await this.#previews;
    const [first] = this.#failures;
    if (first === undefined) return;
    throw new SetAsideError(
      `Cannot make ${this.#failures.length} of ${this.#numbers.size} pictures: ${shorten(first)}`,
    );
  }
}
