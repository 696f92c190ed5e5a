import type { Rgb } from "../../../lib/image/image.ts";

/** Colors of backgrounds in captions, as in `assets/models/mini/training/captions.py`. */
const BACKGROUNDS = {
  white: [255, 255, 255],
  black: [12, 12, 16],
  gray: [128, 128, 132],
  red: [200, 40, 45],
  orange: [240, 140, 40],
  yellow: [250, 215, 80],
  green: [60, 150, 70],
  cyan: [80, 200, 215],
  blue: [50, 90, 200],
  purple: [120, 60, 170],
  pink: [245, 150, 185],
  brown: [110, 70, 45],
  "light blue": [150, 200, 245],
  "dark blue": [25, 35, 95],
  "light green": [165, 225, 150],
  "dark green": [25, 80, 50],
  teal: [30, 130, 130],
  beige: [235, 220, 190],
} as const satisfies Readonly<Record<string, Rgb>>;

/** Names of the backgrounds. */
export const BACKGROUND_NAMES: readonly string[] = Object.keys(BACKGROUNDS);

/**
 * Returns the color of a background, as the teacher `mini` was trained on it.
 *
 * @throws {RangeError} If no background has the name.
 */
export function backgroundColor(name: string): Rgb {
  if (Object.hasOwn(BACKGROUNDS, name)) return BACKGROUNDS[name as keyof typeof BACKGROUNDS];
  throw new RangeError(`Cannot find the background "${name}"`);
}
