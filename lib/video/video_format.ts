import { dirname, extname } from "node:path";

/** A format of videos. */
export type VideoFormat = "mp4" | "gif" | "apng";

/** All formats, the usual one first. */
export const VIDEO_FORMATS: readonly VideoFormat[] = ["mp4", "gif", "apng"];

/** What names of videos end in, and the format that it tells. */
export const VIDEO_ENDINGS: Readonly<Record<string, VideoFormat>> = {
  ".mp4": "mp4",
  ".gif": "gif",
  ".png": "apng",
  ".apng": "apng",
};

/** Returns the format that the name of a file tells; undefined if it tells none. */
export function videoFormatOf(path: string): VideoFormat | undefined {
  return VIDEO_ENDINGS[extname(path).toLowerCase()];
}

/** Where the film of a run goes: a folder, in which each film has its usual name, or one file. */
export interface FilmPlace {
  /** The folder. */
  readonly folder: string;
  /** Path of the file; undefined for the usual names. */
  readonly file: string | undefined;
}

/**
 * Returns where a film goes.
 *
 * @param runFolder Folder of the run, in which films go if nothing is named.
 * @param output A file, if its name tells a format, else a folder.
 */
export function filmPlace(runFolder: string, output: string | undefined): FilmPlace {
  if (output === undefined) return { folder: runFolder, file: undefined };
  if (videoFormatOf(output) === undefined) return { folder: output, file: undefined };
  return { folder: dirname(output), file: output };
}
