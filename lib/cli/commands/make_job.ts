import { join } from "node:path";
import type { RunConfig } from "../../../config/run_config.ts";
import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import { makeFolder, writeFile } from "../../files/write_file.ts";
import { readFile } from "../../files/read_file.ts";
import { encodePng } from "../../image/encode_png.ts";
import { decodeImage, ImageError } from "../../image/formats/decode_image.ts";
import { SessionPool } from "../../onnx/batching/session_pool.ts";
import { findCheckpoint } from "../../outputs/checkpoint_file.ts";
import type { ResultFile, SavedRun } from "../../queue/job_files.ts";
import { JOB_IMAGE, JOB_PALETTE, type PictureJob } from "../../queue/picture_job.ts";
import type { JobContext, MadeJob } from "../../queue/picture_worker.ts";
import { JobError } from "../../queue/queue_error.ts";
import type { Reporter } from "../../report/reporter.ts";
import { CheckpointError, type RunCheckpoint } from "../../run/checkpoint.ts";
import { decodeCheckpoint } from "../../run/decode_checkpoint.ts";
import { defined } from "../../text/defined.ts";
import { type CreateRun, makePicture } from "./make_picture.ts";

/** What the pictures of a worker share. */
export interface JobMakerOptions {
  /** Creates a run. */
  readonly createRun: CreateRun;
  /** The device; borrowed. */
  readonly gpu: Gpu | undefined;
  /** Runtime of the networks. */
  readonly runtime: RunConfig["runtime"];
  /** Folder of the runs in progress. */
  readonly scratch: string;
  /** Seconds between two states that are saved. */
  readonly checkpointSeconds: number;
  /** Whether models of the Hub are downloaded. */
  readonly download: boolean | undefined;
}

/** Makes pictures of jobs; it keeps the networks between them. */
export interface JobMaker extends AsyncDisposable {
  /** Makes a picture; undefined if it was stopped. */
  make(
    job: PictureJob,
    context: JobContext & { readonly location: string },
  ): Promise<MadeJob | undefined>;
}

/** Networks that are kept; with more, all are loaded anew, so that memory is bounded. */
const MAX_NETWORKS = 40;
/** Time between two previews, in milliseconds, and the size of the largest, in bytes. */
const PREVIEW_MS = 1000;
const MAX_PREVIEW_BYTES = 2 ** 15;

/** Returns a maker of pictures. */
export function makeJobWith(options: JobMakerOptions): JobMaker {
  return new PictureJobMaker(options);
}

class PictureJobMaker implements JobMaker {
  readonly #options: JobMakerOptions;
  #pool = new SessionPool();
  #teacher = "";

  constructor(options: JobMakerOptions) {
    this.#options = options;
  }

  async make(
    job: PictureJob,
    context: JobContext & { readonly location: string },
  ): Promise<MadeJob | undefined> {
    const { scratch } = this.#options;
    const unique = crypto.randomUUID().slice(0, 8);
    const folder = join(scratch, `${context.id.slice(0, 16)}-${unique}`);
    await this.#choosePool(job.config);
    await makeFolder(folder);
    try {
      return await this.#makeIn(folder, job, context);
    } finally {
      await Deno.remove(folder, { recursive: true }).catch(() => undefined);
    }
  }

  async #makeIn(
    folder: string,
    job: PictureJob,
    context: JobContext & { readonly location: string },
  ): Promise<MadeJob | undefined> {
    const { createRun, gpu, runtime, checkpointSeconds, download = false } = this.#options;
    const { saved, signal } = context;
    const startedAt = performance.now();
    const image = job.image && await decodeInput(job.image);
    const checkpoint = saved && readSaved(saved);
    if (checkpoint) await writeFile(join(folder, "metrics.jsonl"), saved!.metrics);
    const shared = gpu && { gpu, pool: this.#pool };
    let teacherCalls = 0;
    const save = async (file: { readonly path: string; readonly step: number }) =>
      await context.save(await stateOf(folder, file));
    const made = await makePicture({
      number: 1,
      config: { ...job.config, runtime },
      notes: [],
      isScored: false,
      inputs: {
        palette: job.palette,
        ...defined({ image, checkpoint }),
        ...shared,
        hub: { download },
      },
      createFolder: () => Promise.resolve(folder),
    }, {
      createRun,
      signal,
      reporter: jobReporter(context, (calls) => teacherCalls = calls),
      extras: {
        verbose: false,
        tensorboard: false,
        video: undefined,
        checkpoints: { everyMs: checkpointSeconds * 1000, onWritten: save },
      },
    });
    if (made?.isComplete !== true) {
      // Stopped: the last checkpoint is that of the stop.
      if (made && made.step > 0) await save(await findCheckpoint(folder));
      return undefined;
    }
    const seconds = Math.round(performance.now() - startedAt) / 1000;
    return { files: await resultFiles(folder, job), teacherCalls, seconds };
  }

  /** Frees the networks of another teacher, and those of too many sizes. */
  async #choosePool({ diffusion }: RunConfig): Promise<void> {
    const { modelId, vaeId, loraPath, loraScale, precision } = diffusion;
    const teacher = JSON.stringify([modelId, vaeId, loraPath, loraScale, precision]);
    if (teacher === this.#teacher && this.#pool.size <= MAX_NETWORKS) return;
    this.#teacher = teacher;
    await this.#pool[Symbol.asyncDispose]();
    this.#pool = new SessionPool();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool[Symbol.asyncDispose]();
  }
}

async function decodeInput(bytes: Uint8Array<ArrayBuffer>) {
  try {
    return await decodeImage(bytes, { name: JOB_IMAGE, onNote: () => undefined });
  } catch (cause) {
    if (!(cause instanceof ImageError)) throw cause;
    throw new JobError(cause.message, { cause });
  }
}

/** A damaged state costs its steps, but no picture. */
function readSaved({ checkpoint }: SavedRun): RunCheckpoint | undefined {
  try {
    return decodeCheckpoint(checkpoint, "saved by another worker");
  } catch (error) {
    if (error instanceof CheckpointError) return undefined;
    throw error;
  }
}

async function stateOf(
  folder: string,
  { path, step }: { readonly path: string; readonly step: number },
): Promise<SavedRun> {
  const [checkpoint, metrics] = await Promise.all([
    readFile(path),
    readFile(join(folder, "metrics.jsonl")),
  ]);
  return { step, checkpoint, metrics };
}

function jobReporter(
  context: JobContext & { readonly location: string },
  onTeacherCalls: (calls: number) => void,
): Reporter {
  let shownAt = -Infinity;
  return {
    report(event) {
      if (event.event === "done") return onTeacherCalls(event.teacherCalls);
      if (event.event === "start") return context.report({ ...event, folder: context.location });
      context.report(event);
    },
    get wantsPreview() {
      return performance.now() - shownAt >= PREVIEW_MS;
    },
    preview(image) {
      shownAt = performance.now();
      const png = encodePng(image);
      if (png.length <= MAX_PREVIEW_BYTES) context.preview(png);
    },
  };
}

/** Reads the files of a finished run that are kept. */
async function resultFiles(folder: string, job: PictureJob): Promise<ResultFile[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    if (/^final_\w+\.png$|^config\.yaml$|^metrics\.jsonl$/.test(name)) names.push(name);
  }
  const files = await Promise.all(
    names.sort().map(async (name) => ({ name, content: await readFile(join(folder, name)) })),
  );
  if (job.image) files.push({ name: JOB_IMAGE, content: job.image });
  if (job.config.generator.palette === JOB_PALETTE) {
    files.push({ name: JOB_PALETTE, content: new TextEncoder().encode(job.palette.toHexText()) });
  }
  return files;
}
