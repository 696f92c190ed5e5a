import { join } from "node:path";
import type { RunConfig } from "../../../config/run_config.ts";
import { writeCheckpoint } from "../../outputs/checkpoint_file.ts";
import type { RunResult } from "../../outputs/final_images.ts";
import { MetricsLog } from "../../outputs/metrics_log.ts";
import { type RunVideoOptions, RunVideos } from "../../outputs/run_videos.ts";
import { statisticsScalars, TensorboardLog } from "../../outputs/tensorboard_log.ts";
import type { EngineRun, EngineStep } from "./engine.ts";
import { writeStepPictures, writeStepViews } from "./step_pictures.ts";

/** How a run is filmed, and how often. */
export interface VideoRequest extends RunVideoOptions {
  /** Steps from one frame to the next, integer, 1 or more. */
  readonly frameSteps: number;
}

/** What the steps of a run leave in its folder. */
export interface StepFilesOptions {
  /** What the user asked. */
  readonly config: RunConfig;
  /** Folder of the run. */
  readonly folder: string;
  /** Whether what the steps worked with is written, too. */
  readonly verbose: boolean;
  /** Whether metrics are written for TensorBoard, too. */
  readonly tensorboard: boolean;
  /** How the run is filmed; undefined if it is not. */
  readonly video: VideoRequest | undefined;
}

/** Writes what each step of a run leaves: metrics, pictures, checkpoints and frames. */
export class StepFiles implements AsyncDisposable {
  readonly #run: EngineRun;
  readonly #options: StepFilesOptions;
  readonly #metrics: MetricsLog;
  readonly #tensorboard: TensorboardLog | undefined;
  readonly #videos: RunVideos | undefined;
  readonly #owned: AsyncDisposableStack;
  #step: number;
  #filmedStep: number;

  private constructor(
    run: EngineRun,
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
    this.#step = this.#filmedStep = run.startStep;
  }

  /**
   * Opens the files; the picture that the run begins with is the first frame.
   *
   * @throws {OutputError} If one cannot be written.
   */
  static async open(run: EngineRun, options: StepFilesOptions): Promise<StepFiles> {
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
        await RunVideos.open(folder, await run.result(), videoOptions(video, run.startStep)),
      )
      : undefined;
    return new StepFiles(run, options, {
      metrics,
      tensorboard: board,
      videos,
      owned: owned.move(),
    });
  }

  /** Writes what a step leaves. */
  async write(step: EngineStep): Promise<void> {
    const { config, folder, verbose, video } = this.#options;
    const { saveSteps, checkpointSteps, steps } = config.training;
    const isDue = (every: number) => every > 0 && step.step % every === 0 && step.step < steps;
    this.#step = step.step;
    await this.#metrics.append({ ...step });
    await this.#tensorboard?.append(step.step, {
      ...scalarsOf(step),
      ...statisticsScalars(await this.#run.statistics()),
    });
    const isFilmed = video !== undefined && step.step % video.frameSteps === 0;
    if (!isFilmed && !isDue(saveSteps) && !isDue(checkpointSteps)) return;
    const result = await this.#run.result();
    if (isDue(saveSteps)) {
      const { savingResize } = config;
      await writeStepPictures(folder, { step, result }, { savingResize });
      if (verbose) await writeStepViews(folder, { step, run: this.#run, result }, config);
    }
    if (isFilmed) await this.#film(result);
    if (isDue(checkpointSteps)) await writeCheckpoint(folder, await this.#run.checkpoint());
  }

  /** Ends the files. Returns the paths of those that only a flag asks for. */
  async finish(): Promise<string[]> {
    if (this.#videos && this.#filmedStep !== this.#step) await this.#film(await this.#run.result());
    await this.#videos?.finish();
    return [...this.#videos?.paths ?? [], ...this.#tensorboard ? [this.#tensorboard.path] : []];
  }

  async #film(result: RunResult): Promise<void> {
    await this.#videos!.add(result);
    this.#filmedStep = this.#step;
  }

  /** Closes the files; videos that were not finished are removed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}

function videoOptions(video: VideoRequest, startStep: number): RunVideoOptions {
  const { frameSteps: _, ...options } = video;
  return { startStep, ...options };
}

function scalarsOf({ losses, learningRate, timestep }: EngineStep): Record<string, number> {
  const named = Object.entries(losses).map(([name, value]) => [`loss/${name}`, value]);
  return { ...Object.fromEntries(named), learning_rate: learningRate, timestep };
}
