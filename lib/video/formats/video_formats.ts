import { dirname, extname } from "node:path";
import { OutputError } from "../../files/output_error.ts";
import type { Palette } from "../../palette/palette.ts";
import { APNG } from "./apng.ts";
import { GIF } from "./gif.ts";
import { MP4 } from "./mp4.ts";
import type { VideoFormat } from "../video_format.ts";

/** All formats, the default first. */
export const VIDEO_FORMATS: readonly VideoFormat[] = [MP4, GIF, APNG];

/** The format of videos if nothing is said. */
export const DEFAULT_VIDEO_FORMAT: VideoFormat = VIDEO_FORMATS[0]!;

/** The extensions of all formats. */
export const VIDEO_EXTENSIONS: readonly string[] = VIDEO_FORMATS.flatMap(({ extensions }) =>
  extensions
);

/** Returns the format of that name, such as "gif"; undefined if there is none. */
export function findVideoFormat(name: string): VideoFormat | undefined {
  return VIDEO_FORMATS.find((format) => format.name === name);
}

/** Returns the format by the extension of a path; undefined if it has none of them. */
export function videoFormatOf(path: string): VideoFormat | undefined {
  const extension = extname(path).toLowerCase();
  return VIDEO_FORMATS.find(({ extensions }) => extensions.includes(extension));
}

/**
 * Checks that a format can hold the colors of frames.
 *
 * @param path Path of the video, for the error.
 * @param palette The colors; undefined for colors that are in no palette.
 * @param hasTransparentIndex Whether a transparent class is added to them. Default: false.
 * @throws {OutputError} If it cannot, with the formats that can.
 */
export function checkVideoColors(
  path: string,
  format: VideoFormat,
  palette: Palette | undefined,
  hasTransparentIndex: boolean = false,
): void {
  const { title, maxIndexedColors, hasAnyColor } = format;
  const count = (palette?.size ?? Infinity) + (hasTransparentIndex ? 1 : 0);
  if (hasAnyColor || count <= maxIndexedColors) return;
  const max = maxIndexedColors - (hasTransparentIndex ? 1 : 0);
  const found = palette === undefined
    ? `a ${title} holds palette colors only`
    : `a ${title}${hasTransparentIndex ? " with transparency" : ""} holds ${max} colors, ` +
      `"${palette.name}" has ${palette.size}`;
  const others = VIDEO_FORMATS.filter((other) => other.hasAnyColor)
    .map(({ extensions }) => extensions[0]).join(", ").replace(/, ([^,]*)$/, " or $1");
  throw new OutputError("write", path, `${found}; choose ${others}`);
}

/** Where the video of a run goes: a folder with the usual names, or one file. */
export interface VideoTarget {
  /** The folder. */
  readonly folder: string;
  /** Path of the file; undefined for the usual names. */
  readonly file: string | undefined;
}

/**
 * Returns where a video goes.
 *
 * @param runFolder Folder of the run, the default.
 * @param output A file, if it has the extension of a format, else a folder.
 */
export function videoTarget(runFolder: string, output: string | undefined): VideoTarget {
  if (output === undefined) return { folder: runFolder, file: undefined };
  if (videoFormatOf(output) === undefined) return { folder: output, file: undefined };
  return { folder: dirname(output), file: output };
}
