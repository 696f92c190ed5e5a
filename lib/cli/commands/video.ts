import { join } from "node:path";
import { ConfigError } from "../../../config/config_source.ts";
import { parseRunConfig } from "../../../config/parse_run_config.ts";
import { resolveSources } from "../../../config/resolve_run_config.ts";
import type { RunConfig } from "../../../config/run_config.ts";
import { type ImageSize, sizeText } from "../../image/image.ts";
import {
  type VideoFromRun,
  videoName,
  type VideoTask,
  writeRunVideos,
} from "../../outputs/video_from_run.ts";
import { OutputError } from "../../files/output_error.ts";
import { readConfigText } from "../../files/read_file.ts";
import { listRunFrames } from "../../outputs/run_frames.ts";
import { DEFAULT_FPS, DEFAULT_VIDEO_SIZE, type VideoFormat } from "../../video/video_format.ts";
import {
  DEFAULT_VIDEO_FORMAT,
  VIDEO_EXTENSIONS,
  videoFormatOf,
  videoTarget,
} from "../../video/formats/video_formats.ts";
import { videoLayout } from "../../video/video_layout.ts";
import type { FlagsOf } from "../flags/flag_table.ts";
import { Interrupt } from "./interrupt.ts";
import type { Terminal } from "../../report/terminal.ts";
import { UsageError } from "../flags/flag.ts";
import { parseFps, parseVideoFormats, parseVideoSize } from "../flags/video_flags.ts";

/** Exit code of a program that Ctrl-C stopped: 128 + SIGINT. */
const INTERRUPTED = 130;
/** A video of few frames is shown slower, so that it lasts as long, if one a second suffices. */
const MIN_SECONDS = 3;
/** A video of fewer frames is noted: it hardly moves. */
const FEW_FRAMES = 10;
/** Extensions of files that are probably meant as videos of unknown formats. */
const FOREIGN_EXTENSIONS = /\.(avi|mov|mkv|webm|webp|m4v|mpe?g|jpe?g)$/i;

/**
 * Makes videos of the intermediate pictures of a run.
 *
 * @param folder Folder of the run.
 * @returns The exit code.
 */
export async function videoCommand(
  folder: string,
  flags: FlagsOf<"video">,
  { out, status }: { readonly out: Terminal; readonly status: Terminal },
): Promise<number> {
  const formats = readFormats(flags);
  const asked = flags.videoSize === undefined ? undefined : parseVideoSize(flags.videoSize);
  const askedFps = flags.fps === undefined ? undefined : parseFps(flags.fps);
  const config = await readConfig(folder);
  const size = { height: config.generator.imageH, width: config.generator.imageW };
  const sizes = new Map(formats.map((format) => [format, chooseSize(size, format, asked)]));
  const { hard, soft } = await listRunFrames(folder);
  if (hard.length === 0) throw noFrames(folder, config.training);
  if (hard.length < FEW_FRAMES) status.write(fewFramesNote(hard.length, config.training));
  const target = videoTarget(folder, flags.output);
  const fps = askedFps ?? chooseFps(hard.length);
  const request = (kind: "hard" | "soft") => (format: VideoFormat): VideoTask => ({
    path: target.file ?? join(target.folder, videoName(kind, format)),
    videoSize: sizes.get(format)!,
  });
  using interrupt = new Interrupt(() => status.write("stopping\n"));
  const { signal } = interrupt;
  try {
    const videos = await writeRunVideos(hard, formats.map(request("hard")), { size, fps, signal });
    for (const video of videos) out.write(describeVideo(video, fps));
    if (target.file !== undefined || soft.length === 0) return 0;
    const mixtures = formats.filter(({ hasAnyColor }) => hasAnyColor).map(request("soft"));
    if (mixtures.length === 0) return 0;
    const more = await writeRunVideos(soft, mixtures, { size, fps, signal });
    for (const video of more) out.write(describeVideo(video, fps));
    return 0;
  } catch (error) {
    if (signal.aborted && error === signal.reason) return INTERRUPTED;
    throw error;
  }
}

/** Reads the formats: from `--format`, else from the name of the file, else the default. */
function readFormats({ format, output }: FlagsOf<"video">): VideoFormat[] {
  const named = output === undefined ? undefined : videoFormatOf(output);
  if (output !== undefined && named === undefined && FOREIGN_EXTENSIONS.test(output)) {
    throw new UsageError(
      `Cannot make a video "${output}": expected a name that ends in ` +
        `${VIDEO_EXTENSIONS.join(", ")}, or a folder`,
    );
  }
  if (format === undefined) return [named ?? DEFAULT_VIDEO_FORMAT];
  const formats = parseVideoFormats(format, "--format");
  if (named === undefined || formats.length === 1 && formats[0] === named) return formats;
  throw new UsageError(
    `Cannot make a video "${output}" as "${format}": the name of the file tells another format; ` +
      `leave out --format, or name a folder`,
  );
}

/** Reads the config in the folder of a run. */
async function readConfig(folder: string): Promise<RunConfig> {
  const path = join(folder, "config.yaml");
  let text: string;
  try {
    if (!(await Deno.stat(folder)).isDirectory) {
      throw new OutputError("make a video of", folder, "expected a run's folder, got a file");
    }
    text = await readConfigText(path);
  } catch (cause) {
    const isMissing = cause instanceof OutputError && cause.cause instanceof Deno.errors.NotFound;
    const isThere = isMissing && await exists(folder);
    if (!isThere) throw OutputError.from("read", folder, cause);
    const found = "expected a run's folder, but there is no config.yaml in it";
    throw new OutputError("make a video of", folder, found, cause);
  }
  return resolveSources([parseRunConfig(text, path)]).config;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/**
 * Chooses the size of a video.
 *
 * @param asked Undefined for the largest that fits the default size.
 * @throws {ConfigError} If the requested size is no whole multiple of the picture.
 */
function chooseSize(size: ImageSize, format: VideoFormat, asked: ImageSize | undefined): ImageSize {
  const { needsEvenFactor, title } = format;
  const { factor } = videoLayout(format, size, asked ?? DEFAULT_VIDEO_SIZE);
  const fitting = { height: size.height * factor, width: size.width * factor };
  if (asked === undefined) return fitting;
  if (asked.height === fitting.height && asked.width === fitting.width) return fitting;
  const multiple = needsEvenFactor ? "an even multiple" : "a whole multiple";
  const why = needsEvenFactor ? `, since 2 x 2 pixels of an ${title} share a color` : "";
  throw new ConfigError(
    "--video-size",
    "",
    `expected ${multiple} of the picture's ${sizeText(size)}${why}, such as ${
      sizeText(fitting)
    }, ` +
      `got ${sizeText(asked)}`,
  );
}

/** Chooses the frames per second of a video: an integer, so few frames may last less. */
function chooseFps(frames: number): number {
  return Math.min(DEFAULT_FPS, Math.max(1, Math.floor(frames / MIN_SECONDS)));
}

function fewFramesNote(frames: number, training: RunConfig["training"]): string {
  return `note: the run kept ${frames} pictures; for a smoother video, generate it again with ` +
    `${moreFrames(training)}\n`;
}

/** The flags that keep about 50 pictures, or all frames. */
function moreFrames({ steps }: RunConfig["training"]): string {
  return `--set training.save_steps=${Math.max(1, Math.floor(steps / 50))}, or with --make-video`;
}

function noFrames(folder: string, training: RunConfig["training"]): OutputError {
  const { saveSteps, steps } = training;
  const kept = saveSteps === 0
    ? "its training.save_steps is 0, so it kept none"
    : `with training.save_steps ${saveSteps} of ${steps} steps it kept none`;
  return new OutputError(
    "make a video of",
    folder,
    `there are no intermediate pictures, png_logs/<step>_hard.png: ${kept}; generate it again with ` +
      moreFrames(training),
  );
}

function describeVideo({ path, frames, layout }: VideoFromRun, fps: number): string {
  const { height, width, factor } = layout;
  const seconds = Math.round(frames / fps * 100) / 100;
  return `${path}: ${frames} frames, ${seconds} s at ${fps} a second, ${height} x ${width} pixels ` +
    `(height x width), each of the picture's ${factor} x ${factor}\n`;
}
