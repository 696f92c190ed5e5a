import { join } from "node:path";
import type { ImageSize } from "../image/image.ts";
import type { Palette } from "../palette/palette.ts";
import { indicesOf, readFramePalette, readRunFrame, type RunFrame } from "./run_frames.ts";
import type { VideoFormat } from "../video/video_format.ts";
import type { VideoLayout } from "../video/video_layout.ts";
import { VideoWriter } from "../video/formats/video_writer.ts";
import { makeFolder } from "../files/write_file.ts";

/** A video to write. */
export interface VideoTask {
  /** Path of the file; its extension decides the format. */
  readonly path: string;
  /** Size of the video: a whole multiple of the picture's. */
  readonly videoSize: ImageSize;
}

/** Options of {@linkcode writeRunVideos}. */
export interface VideoTaskOptions {
  /** Size of the run's picture. */
  readonly size: ImageSize;
  /** Frames a second, integer in [1, 240]. */
  readonly fps: number;
  /** Stops the work; then no video is left behind. */
  readonly signal?: AbortSignal;
}

/** A video that was written. */
export interface VideoFromRun {
  /** Path of the file. */
  readonly path: string;
  /** Number of frames. */
  readonly frames: number;
  /** Size of the video, and enlargement of the picture in it. */
  readonly layout: VideoLayout;
}

/**
 * Writes videos of pictures of a run, one for each task. Indexed pictures keep their palette; no
 * pixel is averaged.
 *
 * @param frames At least one.
 * @throws {OutputError} If a picture cannot be read or does not fit, or a video cannot be written;
 * then none is.
 * @throws {ImageError} If a file is no image.
 */
export async function writeRunVideos(
  frames: readonly RunFrame[],
  tasks: readonly VideoTask[],
  { size, fps, signal }: VideoTaskOptions,
): Promise<VideoFromRun[]> {
  const palettes = await Promise.all(frames.map(({ path }) => readFramePalette(path)));
  const palette = palettes[0]?.palette;
  const hasTransparentIndex = palettes.some((found) => found?.hasTransparentIndex);
  await using owned = new AsyncDisposableStack();
  const writers: VideoWriter[] = [];
  for (const { path, videoSize } of tasks) {
    await makeFolder(join(path, ".."));
    const colors = palette === undefined ? {} : { palette, hasTransparentIndex };
    const options = { height: size.height, width: size.width, videoSize, fps, ...colors };
    writers.push(owned.use(await VideoWriter.open(path, options)));
  }
  for (const { path } of frames) {
    signal?.throwIfAborted();
    const pixels = await readPixels(path, size, palette);
    for (const writer of writers) await writer.add(pixels);
  }
  for (const writer of writers) await writer.finish();
  return writers.map(({ path, frames, layout }) => ({ path, frames, layout }));
}

async function readPixels(
  path: string,
  size: ImageSize,
  palette: Palette | undefined,
): Promise<ArrayLike<number>> {
  const image = await readRunFrame(path, size);
  return palette === undefined ? image.toFloats() : indicesOf(path, image, palette);
}

/** Name of the video of a run's pictures, or of its mixtures, in its folder. */
export function videoName(kind: "hard" | "soft", format: VideoFormat): string {
  // Not "video", the name of the videos that a run writes itself.
  return `video_saved_${kind}.${format.name}`;
}
