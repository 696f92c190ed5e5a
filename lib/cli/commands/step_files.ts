import { join } from "node:path";
import type { RunConfig } from "../../../config/run_config.ts";
import { checkFolder } from "../../files/probe_folder.ts";
import { type CheckpointFile, writeCheckpoint } from "../../outputs/checkpoint_file.ts";
import type { RunPicture } from "../../run/run_picture.ts";
import { MetricsLog } from "../../outputs/metrics_log.ts";
import { type RunVideoOptions, RunVideos } from "../../outputs/run_videos.ts";
import { statisticsScalars, TensorboardLog } from "../../outputs/tensorboard_log.ts";
import type { Run } from "../../distill/run.ts";
import type { StepMetrics } from "../../run/step_report.ts";
import type { VideoRequest } from "../flags/video_flags.ts";
import { writeStepPictures, writeStepViews } from "./step_pictures.ts";

/** Options of {@linkcode StepFiles}. */
export interface StepFilesOptions {
  /** The config of the run. */
  readonly config: RunConfig;
  /** Folder of the run. */
  readonly folder: string;
  /** Whether intermediate images are written, too. */
  readonly verbose: boolean;
  /** Whether metrics are written for TensorBoard, too. */
  readonly tensorboard: boolean;
  /** Videos of the run; undefined for none. */
  readonly video: VideoRequest | undefined;
  /** Checkpoints besides those of the config. Default: one a minute, for a killed run. */
  readonly checkpoints?: TimedCheckpoints;
  /** Returns the time in milliseconds; a test passes its own. Default: `performance.now`. */
  readonly now?: () => number;
}

/** Checkpoints that only the time asks for. */
export interface TimedCheckpoints {
  /** Time between two, in milliseconds. */
  readonly everyMs: number;
  /** Called when a checkpoint of any kind is written. */
  onWritten(checkpoint: CheckpointFile): Promise<void>;
}

/** A killed run loses at most the steps of this time. */
const CHECKPOINT_MS = 60_000;

/** Writes the files of each step of a run: metrics, pictures, checkpoints and video frames. */
export class StepFiles implements AsyncDisposable {
  readonly #run: Run;
  readonly #options: StepFilesOptions;
  readonly #metrics: MetricsLog;
  readonly #tensorboard: TensorboardLog | undefined;
  readonly #videos: RunVideos | undefined;
  readonly #owned: AsyncDisposableStack;
  readonly #now: () => number;
  #step: number;
  #frameStep: number;
  #checkpointAt: number;
  /** The last checkpoint that only the time asked for; the next one replaces it. */
  #timedCheckpoint: string | undefined;
  #timedStep = 0;

  private constructor(
    run: Run,
    options: StepFilesOptions,
    parts: {
      readonly metrics: MetricsLog;
      readonly tensorboard: TensorboardLog | undefined;
      readonly videos: RunVideos | undefined;
      readonly owned: AsyncDisposableStack;
    },
  ) {
    this.#run = run;
    this.#options = options;
    this.#metrics = parts.metrics;
    this.#tensorboard = parts.tensorboard;
    this.#videos = parts.videos;
    this.#owned = parts.owned;
    this.#step = this.#frameStep = run.startStep;
    this.#now = options.now ?? (() => performance.now());
    this.#checkpointAt = this.#now();
  }

  /**
   * Opens the files. The initial picture is the first frame of a video.
   *
   * @throws {OutputError} If one cannot be written.
   */
  static async open(run: Run, options: StepFilesOptions): Promise<StepFiles> {
    const { folder, tensorboard, video } = options;
    await using owned = new AsyncDisposableStack();
    const metrics = owned.use(await MetricsLog.open(folder, run.startStep));
    const board = tensorboard
      ? owned.use(
        await TensorboardLog.open(join(folder, "tensorboard"), { resumeStep: run.startStep }),
      )
      : undefined;
    const videos = video
      ? owned.use(
        await RunVideos.open(folder, await run.picture(), {
          ...videoOptions(video, run.startStep),
          hasTransparentIndex: options.config.generator.transparent,
        }),
      )
      : undefined;
    return new StepFiles(run, options, {
      metrics,
      tensorboard: board,
      videos,
      owned: owned.move(),
    });
  }

  /** Writes the files of a step. */
  async write(step: StepMetrics): Promise<void> {
    const { config, folder, verbose, video } = this.#options;
    const { saveSteps, checkpointSteps } = config.training;
    const { steps } = step;
    const isDue = (every: number) => every > 0 && step.step % every === 0 && step.step < steps;
    this.#step = step.step;
    // Otherwise a folder that was removed would appear again, incomplete.
    await checkFolder(folder, "config.yaml");
    await this.#metrics.append({ ...step });
    await this.#tensorboard?.append(step.step, {
      ...scalarsOf(step),
      ...statisticsScalars(await this.#run.statistics()),
    });
    const isFrame = video !== undefined && step.step % video.frameSteps === 0;
    const everyMs = this.#options.checkpoints?.everyMs ?? CHECKPOINT_MS;
    const isTimely = step.step < steps && this.#now() - this.#checkpointAt >= everyMs;
    if (isTimely || isDue(checkpointSteps)) await this.#writeCheckpoint(isDue(checkpointSteps));
    if (!isFrame && !isDue(saveSteps)) return;
    const result = await this.#run.picture();
    if (isDue(saveSteps)) {
      const { savingResize } = config;
      await writeStepPictures(folder, { step, result }, { savingResize });
      if (verbose && step.stage === "distill") {
        await writeStepViews(folder, { step, run: this.#run, result }, config);
      }
    }
    if (isFrame) await this.#addFrame(result);
  }

  /**
   * Finishes the files, once the last checkpoint of the run is written.
   *
   * @returns The paths of the files that a flag asked for.
   */
  async finish(): Promise<string[]> {
    // One of the last step has the name of the final one.
    if (this.#timedStep !== this.#step) await this.#removeTimedCheckpoint();
    if (this.#videos && this.#frameStep !== this.#step) {
      await this.#addFrame(await this.#run.picture());
    }
    await this.#videos?.finish();
    return [...this.#videos?.paths ?? [], ...this.#tensorboard ? [this.#tensorboard.path] : []];
  }

  async #writeCheckpoint(isKept: boolean): Promise<void> {
    const path = await writeCheckpoint(this.#options.folder, await this.#run.checkpoint());
    await this.#removeTimedCheckpoint();
    this.#timedCheckpoint = isKept ? undefined : path;
    this.#timedStep = this.#step;
    await this.#options.checkpoints?.onWritten({ path, step: this.#step });
    this.#checkpointAt = this.#now();
  }

  async #removeTimedCheckpoint(): Promise<void> {
    if (this.#timedCheckpoint === undefined) return;
    // Somebody else may have removed it.
    await Deno.remove(this.#timedCheckpoint).catch(() => undefined);
    this.#timedCheckpoint = undefined;
  }

  async #addFrame(result: RunPicture): Promise<void> {
    await this.#videos!.add(result);
    this.#frameStep = this.#step;
  }

  /** Closes the files; unfinished videos are removed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}

function videoOptions(video: VideoRequest, startStep: number): RunVideoOptions {
  const { frameSteps: _, ...options } = video;
  return { startStep, ...options };
}

function scalarsOf({ losses, learningRate, timestep }: StepMetrics): Record<string, number> {
  const named = Object.entries(losses).map(([name, value]) => [`loss/${name}`, value]);
  return { ...Object.fromEntries(named), learning_rate: learningRate, timestep };
}
