import type { AtomicFile } from "../files/atomic_file.ts";
import type { ImageSize } from "../image/image.ts";
import type { Palette } from "../palette/palette.ts";
import type { VideoLayout } from "./video_layout.ts";

/** Frames a second if nothing is said, as SD-piXL. */
export const DEFAULT_FPS = 30;
/** The maximum number of frames a second. */
export const MAX_FPS = 240;
/** Size into which a video is fitted if nothing is said, as SD-piXL. */
export const DEFAULT_VIDEO_SIZE: ImageSize = { height: 512, width: 512 };

/**
 * A format of videos and its capabilities. A new one is one file and a line in `video_formats.ts`.
 */
export interface VideoFormat {
  /** Name in flags and of files, such as "mp4". */
  readonly name: string;
  /** Name in messages, such as "MP4". */
  readonly title: string;
  /** File extensions in lower case with their dot, the usual one first. */
  readonly extensions: readonly string[];
  /**
   * The maximum number of palette colors that are written as indices, in the palette's order; 0 if
   * the format knows only colors.
   */
  readonly maxIndexedColors: number;
  /** Whether frames may have colors that are not in a palette, such as mixtures. */
  readonly hasAnyColor: boolean;
  /**
   * Whether the enlargement must be an even factor, since 2 x 2 pixels share a color. Frames may
   * then have a black border.
   */
  readonly needsEvenFactor: boolean;
  /** Begins a file, which is borrowed; the caller disposes of the encoder. */
  open(file: VideoFile, options: FrameEncoderOptions): Promise<FrameEncoder>;
}

/** The part of a file that encoders use. */
export type VideoFile = Pick<AtomicFile, "write">;

/** What a {@linkcode FrameEncoder} is made for. */
export interface FrameEncoderOptions {
  /** Size of the picture. */
  readonly size: ImageSize;
  /** Size of the frames, enlargement and position of the picture in them. */
  readonly layout: VideoLayout;
  /** The palette, if frames are indices; undefined if they are colors. */
  readonly palette: Palette | undefined;
  /** Whether index K, one past the colors of the palette, is transparent. */
  readonly hasTransparentIndex: boolean;
  /** Frames a second, an integer. */
  readonly fps: number;
}

/** Encodes the frames of one file. Calls are awaited one after the other. */
export interface FrameEncoder extends AsyncDisposable {
  /**
   * Encodes a frame.
   *
   * @param pixels Shape [H, W]: palette indices, or the bytes red, green, blue and alpha of each
   * pixel if there is no palette. They belong to the encoder from now on.
   */
  add(pixels: Uint32Array<ArrayBuffer>): Promise<void>;
  /** Writes what is left. */
  finish(): Promise<void>;
}
