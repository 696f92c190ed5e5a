import { join } from "node:path";
import type { ImageSize } from "../image/image.ts";
import type { RunResult } from "./final_images.ts";
import { VideoWriter } from "./video_writer.ts";

/** How the way of a run is filmed. */
export interface RunVideoOptions {
  /** Size of the videos. Default: 512 x 512 pixels. */
  readonly videoSize?: ImageSize;
  /** Frames a second, integer in [1, 240]. Default: 30. */
  readonly fps?: number;
  /** Step of the first frame; videos of a run that goes on have it in their names. Default: 0. */
  readonly startStep?: number;
}

/**
 * The way of a run as `video_hard.mp4`, the picture, and `video_soft.mp4`, the mixture.
 *
 * A run that goes on after step 50 makes `video_hard_from_50.mp4`, so that the earlier one stays. The
 * files appear when they are finished.
 */
export class RunVideos implements AsyncDisposable {
  /** Paths of the files. */
  readonly paths: readonly string[];
  readonly #hard: VideoWriter;
  readonly #soft: VideoWriter;
  readonly #owned: AsyncDisposableStack;

  private constructor(hard: VideoWriter, soft: VideoWriter, owned: AsyncDisposableStack) {
    this.paths = [hard.path, soft.path];
    this.#hard = hard;
    this.#soft = soft;
    this.#owned = owned;
  }

  /**
   * Begins the videos of a run with its first frame.
   *
   * @param folder Folder of the run.
   * @throws {OutputError} If they cannot be written.
   */
  static async open(
    folder: string,
    first: RunResult,
    options: RunVideoOptions = {},
  ): Promise<RunVideos> {
    const { height, width, palette } = first;
    const { startStep = 0, ...format } = options;
    const end = startStep > 0 ? `_from_${startStep}.mp4` : ".mp4";
    await using stack = new AsyncDisposableStack();
    const open = async (name: string, colors: { palette?: RunResult["palette"] }) =>
      stack.use(
        await VideoWriter.open(join(folder, name), { height, width, ...colors, ...format }),
      );
    const hard = await open(`video_hard${end}`, { palette });
    const soft = await open(`video_soft${end}`, {});
    const videos = new RunVideos(hard, soft, stack.move());
    await videos.add(first);
    return videos;
  }

  /**
   * Appends a frame.
   *
   * @throws {OutputError} If it cannot be written.
   */
  async add({ indices, softmax }: RunResult): Promise<void> {
    await this.#hard.add(indices);
    await this.#soft.add(softmax);
  }

  /**
   * Ends both videos.
   *
   * @throws {OutputError} If one cannot be written.
   */
  async finish(): Promise<void> {
    await this.#hard.finish();
    await this.#soft.finish();
  }

  /** Frees memory; videos that were not finished are removed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}
