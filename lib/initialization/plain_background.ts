import type { Image, Rgb } from "../image/image.ts";
import { oklabDistance, toOklab } from "../palette/oklab.ts";
import { KEY_COLOR } from "../palette/transparent_class.ts";
import { borderPixels, colorAt } from "./pixel_areas.ts";

/** Colors within this distance of the background, in OKLab, are background if they touch it. */
export const OUTSIDE_DISTANCE = 0.12;
/** Share of the border that must have the color of the background. */
const MIN_BORDER_SHARE = 0.5;
/** The same for the color on which teachers draw what is cut out: few subjects have it. */
const MIN_KEY_SHARE = 0.1;

/**
 * Finds the color of a plain background: magenta if some of the border has it, as a large subject
 * may leave little of it, else the color of most of the border.
 *
 * @returns Undefined if there is no such color.
 */
export function plainBackground(image: Image): Rgb | undefined {
  const colors = borderPixels(image).map((i) => colorAt(image, i));
  const magenta = colors.filter((color) => isNear(color, KEY_COLOR));
  if (magenta.length >= MIN_KEY_SHARE * colors.length) return medianOf(magenta);
  const key = medianOf(colors);
  const near = colors.filter((color) => isNear(color, key));
  return near.length < MIN_BORDER_SHARE * colors.length ? undefined : key;
}

/** Returns the median of the border's colors, channel by channel. */
export function borderMedian(image: Image): Rgb {
  return medianOf(borderPixels(image).map((i) => colorAt(image, i)));
}

function isNear(color: Rgb, key: Rgb): boolean {
  return oklabDistance(toOklab(color), toOklab(key)) < OUTSIDE_DISTANCE;
}

function medianOf(colors: readonly Rgb[]): Rgb {
  const median = (channel: number) =>
    colors.map((color) => color[channel]!)
      .sort((a, b) => a - b)[Math.floor(colors.length / 2)]!;
  return [median(0), median(1), median(2)];
}
