import { join } from "node:path";
import { ConfigError } from "../../../config/config_error.ts";
import { parseRunConfig } from "../../../config/parse_run_config.ts";
import { resolveLayers } from "../../../config/resolve_run_config.ts";
import type { RunConfig } from "../../../config/run_config.ts";
import type { ImageSize } from "../../image/image.ts";
import { type Film, filmName, type FilmRequest, writeFilms } from "../../outputs/video_from_run.ts";
import { OutputError } from "../../files/output_error.ts";
import { listRunFrames } from "../../outputs/run_frames.ts";
import { filmPlace, type VideoFormat, videoFormatOf } from "../../video/video_format.ts";
import { paddedLayout, tightLayout } from "../../video/video_layout.ts";
import type { VideoFlags } from "../flags/command_flags.ts";
import { Interrupt } from "./interrupt.ts";
import type { Terminal } from "../../report/terminal.ts";
import { UsageError } from "../flags/usage_error.ts";
import { parseFps, parseVideoFormats, parseVideoSize } from "../flags/video_flags.ts";

/** Exit code of a program that Ctrl-C stopped: 128 + SIGINT. */
const INTERRUPTED = 130;
/** What a film fits in if no size is asked for, as SD-piXL's. */
const USUAL_SIZE: ImageSize = { height: 512, width: 512 };
const USUAL_FPS = 30;
/** A film of few frames is shown slower, so that one sees it. */
const MIN_SECONDS = 3;
/** Endings of names that are meant as files of formats that there are not. */
const OTHER_FORMATS = /\.(avi|mov|mkv|webm|webp|m4v|mpe?g|jpe?g)$/i;

/**
 * Makes a film of the pictures that a run kept of its way.
 *
 * @param folder Folder of the run.
 * @returns The exit code.
 */
export async function videoCommand(
  folder: string,
  flags: VideoFlags,
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
  const place = filmPlace(folder, flags.output);
  const fps = askedFps ?? Math.min(USUAL_FPS, Math.ceil(hard.length / MIN_SECONDS));
  const request = (kind: "hard" | "soft") => (format: VideoFormat): FilmRequest => ({
    path: place.file ?? join(place.folder, filmName(kind, format)),
    videoSize: sizes.get(format)!,
  });
  using interrupt = new Interrupt(() => status.write("stopping\n"));
  const { signal } = interrupt;
  try {
    const films = await writeFilms(hard, formats.map(request("hard")), { size, fps, signal });
    for (const film of films) out.write(describeFilm(film, fps));
    if (place.file !== undefined || soft.length === 0) return 0;
    // A GIF cannot hold the colors of a mixture.
    const trueColor = formats.filter((format) => format !== "gif");
    const mixtures = trueColor.map(request("soft"));
    if (mixtures.length === 0) return 0;
    const more = await writeFilms(soft, mixtures, { size, fps, signal });
    for (const film of more) out.write(describeFilm(film, fps));
    return 0;
  } catch (error) {
    if (signal.aborted && error === signal.reason) return INTERRUPTED;
    throw error;
  }
}

/** Reads which formats are asked for: by `--format`, by the name of the file, or none: MP4. */
function readFormats({ format, output }: VideoFlags): VideoFormat[] {
  const named = output === undefined ? undefined : videoFormatOf(output);
  if (output !== undefined && OTHER_FORMATS.test(output)) {
    throw new UsageError(
      `Cannot make a film "${output}": expected a name that ends in .mp4, .gif, .apng or .png, ` +
        `or a folder`,
    );
  }
  if (format === undefined) return [named ?? "mp4"];
  const formats = parseVideoFormats(format, "--format");
  if (named === undefined || formats.join() === named) return formats;
  throw new UsageError(
    `Cannot make a film "${output}" as "${format}": the name of the file tells another format; ` +
      `leave out --format, or name a folder`,
  );
}

/** Reads the config that each run writes into its folder. */
async function readConfig(folder: string): Promise<RunConfig> {
  const path = join(folder, "config.yaml");
  let text: string;
  try {
    if (!(await Deno.stat(folder)).isDirectory) {
      throw new OutputError("film", folder, "expected a run's folder, got a file");
    }
    text = await Deno.readTextFile(path);
  } catch (cause) {
    const isThere = cause instanceof Deno.errors.NotFound && await exists(folder);
    if (!isThere) throw OutputError.from("read", folder, cause);
    const found = "expected a run's folder, but there is no config.yaml in it";
    throw new OutputError("film", folder, found, cause);
  }
  return resolveLayers([parseRunConfig(text, path)]).config;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/**
 * Chooses the size of a film.
 *
 * @param asked Undefined for the largest that fits the usual size.
 * @throws {ConfigError} If what is asked for is no whole multiple of the picture.
 */
function chooseSize(size: ImageSize, format: VideoFormat, asked: ImageSize | undefined): ImageSize {
  // Two by two pixels of an MP4 share a color.
  const isMp4 = format === "mp4";
  const { factor } = (isMp4 ? paddedLayout : tightLayout)(size, asked ?? USUAL_SIZE);
  const fitting = { height: size.height * factor, width: size.width * factor };
  if (asked === undefined) return fitting;
  if (asked.height === fitting.height && asked.width === fitting.width) return fitting;
  const multiple = isMp4 ? "an even multiple" : "a whole multiple";
  const why = isMp4 ? ", since 2 x 2 pixels of an MP4 share a color" : "";
  throw new ConfigError(
    "--video_size",
    "",
    `expected ${multiple} of the picture's ${textOf(size)}${why}, such as ${textOf(fitting)}, ` +
      `got ${textOf(asked)}`,
  );
}

function textOf({ height, width }: ImageSize): string {
  return `${height},${width}`;
}

function noFrames(folder: string, { saveSteps, steps }: RunConfig["training"]): OutputError {
  const kept = saveSteps === 0
    ? "its training.save_steps is 0, so it kept none"
    : `with training.save_steps ${saveSteps} of ${steps} steps it kept none`;
  return new OutputError(
    "film",
    folder,
    `there are no pictures of its way, png_logs/<step>_hard.png: ${kept}; generate it again with ` +
      `--set training.save_steps=${Math.max(1, Math.floor(steps / 50))}, or with --make_video`,
  );
}

function describeFilm({ path, frames, layout }: Film, fps: number): string {
  const { height, width, factor } = layout;
  const seconds = Math.round(frames / fps * 100) / 100;
  return `${path}: ${frames} frames, ${seconds} s at ${fps} a second, ${height} x ${width} pixels ` +
    `(height x width), each of the picture's ${factor} x ${factor}\n`;
}
