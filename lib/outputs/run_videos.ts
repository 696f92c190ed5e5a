import { join } from "node:path";
import type { ImageSize } from "../image/image.ts";
import type { RunPicture } from "../run/run_picture.ts";
import type { VideoFormat } from "../video/video_format.ts";
import { DEFAULT_VIDEO_FORMAT } from "../video/formats/video_formats.ts";
import { type VideoOptions, VideoWriter } from "../video/formats/video_writer.ts";

/** Options of the videos of a run. */
export interface RunVideoOptions {
  /** Size into which the picture is fitted. Default: 512 x 512 pixels. */
  readonly videoSize?: ImageSize;
  /** Frames a second, integer in [1, 240]. Default: 30. */
  readonly fps?: number;
  /** Formats of the videos. Default: MP4. */
  readonly formats?: readonly VideoFormat[];
  /** Whether index K of the pictures is transparent. Default: false. */
  readonly hasTransparentIndex?: boolean;
  /** Step of the first frame; above 0, names of videos contain it. Default: 0. */
  readonly startStep?: number;
}

/**
 * Videos of the steps of a run, in each format: `video_hard.mp4` of the picture and
 * `video_soft.mp4` of the mixture. Formats of palette colors only have no video of the mixture.
 *
 * A run that resumes after step 50 writes `video_hard_from_50.mp4`; the earlier video stays. The
 * files appear when they are finished.
 */
export class RunVideos implements AsyncDisposable {
  readonly #hard: readonly VideoWriter[];
  readonly #soft: readonly VideoWriter[];
  readonly #owned: AsyncDisposableStack;

  private constructor(
    hard: readonly VideoWriter[],
    soft: readonly VideoWriter[],
    owned: AsyncDisposableStack,
  ) {
    this.#hard = hard;
    this.#soft = soft;
    this.#owned = owned;
  }

  /**
   * Begins the videos of a run with its first frame.
   *
   * @param folder Folder of the run.
   * @throws {OutputError} If they cannot be written, or a format cannot hold the palette.
   */
  static async open(
    folder: string,
    first: RunPicture,
    options: RunVideoOptions = {},
  ): Promise<RunVideos> {
    const { height, width, palette } = first;
    const { startStep = 0, formats = [DEFAULT_VIDEO_FORMAT], ...others } = options;
    const { hasTransparentIndex = false, ...shared } = others;
    const end = startStep > 0 ? `_from_${startStep}` : "";
    await using stack = new AsyncDisposableStack();
    const open = async (
      name: string,
      colors: Pick<VideoOptions, "palette" | "hasTransparentIndex">,
    ) =>
      stack.use(
        await VideoWriter.open(join(folder, name), { height, width, ...colors, ...shared }),
      );
    const hard: VideoWriter[] = [];
    const soft: VideoWriter[] = [];
    for (const { name, hasAnyColor } of formats) {
      hard.push(await open(`video_hard${end}.${name}`, { palette, hasTransparentIndex }));
      if (hasAnyColor) soft.push(await open(`video_soft${end}.${name}`, {}));
    }
    const videos = new RunVideos(hard, soft, stack.move());
    await videos.add(first);
    return videos;
  }

  /** Paths of the files. */
  get paths(): readonly string[] {
    return this.#all.map(({ path }) => path);
  }

  /**
   * Appends a frame.
   *
   * @throws {OutputError} If it cannot be written.
   */
  async add({ indices, softmax }: RunPicture): Promise<void> {
    for (const video of this.#hard) await video.add(indices);
    for (const video of this.#soft) await video.add(softmax);
  }

  /**
   * Ends the videos.
   *
   * @throws {OutputError} If one cannot be written.
   */
  async finish(): Promise<void> {
    for (const video of this.#all) await video.finish();
  }

  /** Frees memory; videos that were not finished are removed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }

  get #all(): readonly VideoWriter[] {
    return [...this.#hard, ...this.#soft];
  }
}
