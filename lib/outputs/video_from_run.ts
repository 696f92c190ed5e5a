import { join } from "node:path";
import type { ImageSize } from "../image/image.ts";
import type { Palette } from "../palette/palette.ts";
import { indicesOf, readFramePalette, readRunFrame, type RunFrame } from "./run_frames.ts";
import type { VideoFormat } from "../video/video_format.ts";
import type { VideoLayout } from "../video/video_layout.ts";
import { VideoWriter } from "../video/video_writer.ts";
import { makeFolder } from "../files/write_file.ts";

/** A film to write. */
export interface FilmRequest {
  /** Path of the file; its name tells the format. */
  readonly path: string;
  /** Size of the film: a whole multiple of the picture's. */
  readonly videoSize: ImageSize;
}

/** Options of {@linkcode writeFilms}. */
export interface FilmOptions {
  /** Size of the run's picture. */
  readonly size: ImageSize;
  /** Frames a second, integer in [1, 240]. */
  readonly fps: number;
  /** Stops the work; no film is left behind then. */
  readonly signal?: AbortSignal;
}

/** A film that was written. */
export interface Film {
  /** Path of the file. */
  readonly path: string;
  /** Number of frames. */
  readonly frames: number;
  /** Size of the film. */
  readonly layout: VideoLayout;
}

/**
 * Films pictures of a run, in several formats at once. Colors stay: indexed pictures keep their
 * palette, and no pixel is averaged.
 *
 * @param frames At least one.
 * @throws {OutputError} If a picture cannot be read or does not fit, or a film cannot be written;
 * then there is none.
 * @throws {ImageError} If a file is no picture.
 */
export async function writeFilms(
  frames: readonly RunFrame[],
  requests: readonly FilmRequest[],
  { size, fps, signal }: FilmOptions,
): Promise<Film[]> {
  const palette = await readFramePalette(frames[0]!.path);
  await using owned = new AsyncDisposableStack();
  const writers: VideoWriter[] = [];
  for (const { path, videoSize } of requests) {
    await makeFolder(join(path, ".."));
    const colors = palette === undefined ? {} : { palette };
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

/** Name of the film of a run's pictures, or of its mixtures, in its folder. */
export function filmName(kind: "hard" | "soft", format: VideoFormat): string {
  return `film_${kind}.${format}`;
}
