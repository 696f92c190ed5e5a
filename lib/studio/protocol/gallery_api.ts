/**
 * What the page and the server say about the runs in the output folder.
 *
 * @module
 */

/** A run or a painted picture in the output folder. */
export interface GalleryRun {
  /** Its path relative to the output folder, such as "standard/2026-…". */
  readonly run: string;
  /** Its prompt; empty if it has none. */
  readonly prompt: string;
  /** Its seed in digits; empty if it has none. */
  readonly seed: string;
  /** Name of its palette; empty if its config cannot be read. */
  readonly palette: string;
  /** Height of the picture in pixels. */
  readonly height: number;
  /** Width of the picture in pixels. */
  readonly width: number;
  /** When its picture was written, in milliseconds since 1970. */
  readonly changedAt: number;
  /** Whether the user has marked it. */
  readonly isStarred: boolean;
  /** Steps done and asked for, of a run that can be continued; else undefined. */
  readonly unfinished: { readonly step: number; readonly steps: number } | undefined;
  /** Score by the teacher, higher is better; undefined if it was not scored. */
  readonly score: number | undefined;
  /** Equal for runs whose scores compare: those of one prompt, size and teacher. */
  readonly rankedWith: string;
  /** Place among them, 1 for the best; undefined without a score. */
  readonly rank: number | undefined;
  /** Number of pictures that a GIF of it shows; 0: it has no picture yet. */
  readonly frames: number;
}

/** Answer of `GET api/runs`, the newest first. */
export interface GalleryList {
  readonly runs: readonly GalleryRun[];
}

/** A picture as JSON: answer of `GET api/runs/pixels`, and body of `POST api/pictures`. */
export interface PictureData {
  /** What it shows; it becomes a part of the folder's name. */
  readonly name: string;
  readonly height: number;
  readonly width: number;
  /** K colors as "#rrggbb", 1 to 256. */
  readonly colors: readonly string[];
  /** Palette index of each pixel, a byte each, row by row, in base64. K is transparent. */
  readonly indices: string;
}
