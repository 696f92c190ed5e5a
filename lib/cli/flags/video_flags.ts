import { ConfigError } from "../../../config/config_source.ts";
import type { ImageSize } from "../../image/image.ts";
import { MAX_FPS, type VideoFormat } from "../../video/video_format.ts";
import { findVideoFormat, VIDEO_FORMATS } from "../../video/video_formats.ts";

/** Longest side of a video, in pixels. */
const MAX_SIDE = 8192;

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
    const expected = `expected ${
      VIDEO_FORMATS.map(({ name }) => name).join(", ")
    } or several of them with commas`;
    throw new ConfigError(flag, "", `${expected}, got "${text}"`);
  });
  return [...new Set(formats)];
}

/**
 * Reads the size of a video, such as "512,512", in pixels.
 *
 * @throws {ConfigError} If it is none, or too large.
 */
export function parseVideoSize(text: string): ImageSize {
  const [height, width] = parseSize(text, "--video_size");
  return {
    height: parseCount(height, "--video_size", MAX_SIDE),
    width: parseCount(width, "--video_size", MAX_SIDE),
  };
}

/**
 * Reads frames a second.
 *
 * @throws {ConfigError} If it is no integer in [1, 240].
 */
export function parseFps(text: string): number {
  return parseCount(text, "--fps", MAX_FPS);
}

/**
 * Reads a number of things.
 *
 * @throws {ConfigError} If it is no integer from 1 to `max`.
 */
export function parseCount(typed: string | number, flag: string, max: number): number {
  const count = Number(typed);
  if (Number.isInteger(count) && count >= 1 && count <= max) return count;
  throw new ConfigError(flag, "", `expected an integer in [1, ${max}], got "${typed}"`);
}

/**
 * Reads "32,48" (height first, as SD-piXL), "32x48" or "32" for a square.
 *
 * @throws {ConfigError} If it is none of them.
 */
export function parseSize(text: string, flag: string): [number, number] {
  const [, height, width = height] = /^\s*(\d+)\s*(?:[,x×]\s*(\d+)\s*)?$/i.exec(text) ?? [];
  if (height === undefined) {
    throw new ConfigError(flag, "", `expected height,width such as 32,48, got "${text}"`);
  }
  return [Number(height), Number(width)];
}
