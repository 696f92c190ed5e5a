import type { Rgb } from "../image/image.ts";

/** Sine of the maximum angle between a shadow's color and the background's, as vectors of sRGB. */
const MAX_SHADOW_SINE = 0.15;

/**
 * Returns the share of a plain background in a color that is a mixture of it with black, as of a
 * shadow or of dark glass before it. Such colors are the background's own color times its share.
 *
 * The share is found in sRGB, as sprites are composited.
 *
 * @param key Color of the background, not black.
 * @returns In [0, 1]; 0 if the color is no such mixture.
 */
export function shadowedShare(color: Rgb, key: Rgb): number {
  const share = dot(color, key) / dot(key, key);
  const rest = color.map((value, c) => value - share * key[c]!);
  if (Math.hypot(...rest) > MAX_SHADOW_SINE * Math.hypot(...color)) return 0;
  return Math.min(1, share);
}

/**
 * Returns the most of a vivid plain background that a color can contain: by how much the channels
 * that are high in the background are above the others.
 *
 * Source: the color difference key of Vlahos, as in Smith & Blinn 1996, "Blue Screen Matting".
 *
 * @returns In [0, 1].
 */
export function keyShare(color: Rgb, key: Rgb): number {
  const middle = (Math.min(...key) + Math.max(...key)) / 2;
  const difference = (values: Rgb) =>
    Math.min(...values.filter((_, c) => key[c]! > middle)) -
    Math.max(...values.filter((_, c) => key[c]! <= middle));
  return Math.min(1, Math.max(0, difference(color) / difference(key)));
}

/**
 * Replaces the background's share of a color: the color as it is before another background.
 *
 * @param share In [0, 1].
 */
export function replaceBackground(
  color: Rgb,
  share: number,
  { key, behind }: { readonly key: Rgb; readonly behind: Rgb },
): Rgb {
  return mapChannels((c) => color[c]! + share * (behind[c]! - key[c]!));
}

/**
 * Takes the background's share out of a color: the color of what is mixed with it.
 *
 * @param share In [0, 1).
 */
export function removeBackground(color: Rgb, share: number, key: Rgb): Rgb {
  return mapChannels((c) => (color[c]! - share * key[c]!) / (1 - share));
}

function mapChannels(valueOf: (channel: number) => number): Rgb {
  const clamp = (value: number) => Math.min(255, Math.max(0, Math.round(value)));
  return [clamp(valueOf(0)), clamp(valueOf(1)), clamp(valueOf(2))];
}

function dot(a: Rgb, b: Rgb): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}
