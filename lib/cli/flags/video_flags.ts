import { ConfigError } from "../../../config/config_source.ts";
import type { ImageSize } from "../../image/image.ts";
import {
  DEFAULT_FPS,
  DEFAULT_VIDEO_SIZE,
  MAX_FPS,
  type VideoFormat,
} from "../../video/video_format.ts";
import {
  DEFAULT_VIDEO_FORMAT,
  findVideoFormat,
  VIDEO_FORMATS,
} from "../../video/formats/video_formats.ts";
import type { FlagsOf } from "./flag_table.ts";
import { parseCount, parseSize } from "./parse_values.ts";

/** Maximum height and width of a video, in pixels. */
const MAX_SIZE = 8192;

/** The videos that flags of `generate` ask for. */
export interface VideoRequest {
  /** Size of the videos. */
  readonly videoSize: ImageSize;
  /** Steps between two frames, integer, 1 or more. */
  readonly frameSteps: number;
  /** Frames per second, integer in [1, 240]. */
  readonly fps: number;
  /** Formats, each once. */
  readonly formats: readonly VideoFormat[];
}

/**
 * Reads the flags of videos.
 *
 * @returns undefined if there are to be no videos.
 * @throws {ConfigError} If a value does not fit, naming the flag.
 */
export function readVideoRequest(flags: FlagsOf<"generate">): VideoRequest | undefined {
  const { makeVideo, videoSize, videoFrameFreq = "1", fps, videoFormat } = flags;
  const request = {
    videoSize: videoSize === undefined ? DEFAULT_VIDEO_SIZE : parseVideoSize(videoSize),
    frameSteps: parseCount(videoFrameFreq, "--video-frame-freq", 1_000_000),
    fps: fps === undefined ? DEFAULT_FPS : parseFps(fps),
    formats: videoFormat === undefined
      ? [DEFAULT_VIDEO_FORMAT]
      : parseVideoFormats(videoFormat, "--video-format"),
  };
  return makeVideo ? request : undefined;
}

/**
 * Reads formats of videos, such as "mp4,gif".
 *
 * @param flag Its name, for the error.
 * @throws {ConfigError} If one is unknown.
 */
export function parseVideoFormats(text: string, flag: string): VideoFormat[] {
  const names = text.split(",").map((name) => name.trim().toLowerCase());
  const formats = names.map((name) => {
    const format = findVideoFormat(name);
    if (format !== undefined) return format;
    const known = VIDEO_FORMATS.map(({ name }) => name).join(", ");
    throw new ConfigError(
      flag,
      "",
      `expected ${known} or several of them with commas, got "${text}"`,
    );
  });
  return [...new Set(formats)];
}

/**
 * Reads the size of a video, such as "512,512", in pixels.
 *
 * @throws {ConfigError} If it is not a size, or too large.
 */
export function parseVideoSize(text: string): ImageSize {
  const [height, width] = parseSize(text, "--video-size");
  return {
    height: parseCount(height, "--video-size", MAX_SIZE),
    width: parseCount(width, "--video-size", MAX_SIZE),
  };
}

/**
 * Reads frames per second.
 *
 * @throws {ConfigError} If it is not an integer in [1, 240].
 */
export function parseFps(text: string): number {
  return parseCount(text, "--fps", MAX_FPS);
}
