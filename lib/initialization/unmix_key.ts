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
  const [across, length] = [dot(color, key), dot(key, key)];
  const cosine = across / Math.sqrt(length * dot(color, color));
  // Black has no angle.
  if (!(1 - cosine * cosine <= MAX_SHADOW_SINE * MAX_SHADOW_SINE)) return 0;
  return Math.min(1, across / length);
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
  const excess = (values: Rgb) => {
    let [minHigh, maxLow] = [255, 0];
    for (let c = 0; c < 3; c++) {
      if (key[c]! > middle) minHigh = Math.min(minHigh, values[c]!);
      else maxLow = Math.max(maxLow, values[c]!);
    }
    return minHigh - maxLow;
  };
  return Math.min(1, Math.max(0, excess(color) / excess(key)));
}

/** Distance in sRGB within which a color is explained as a mixture. */
const MAX_UNEXPLAINED = 30;

/**
 * Finds the color of which another one is a mixture with the background: that of the candidates by
 * which the least remains unexplained.
 *
 * @returns Undefined if none explains it.
 */
export function foregroundOf(color: Rgb, key: Rgb, candidates: readonly Rgb[]): Rgb | undefined {
  let [best, minRest]: [Rgb | undefined, number] = [undefined, MAX_UNEXPLAINED];
  for (const candidate of candidates) {
    const rest = unexplained(color, key, candidate);
    if (rest < minRest) [best, minRest] = [candidate, rest];
  }
  return best;
}

/** Returns the distance of a color to the nearest mixture of the background and another color. */
function unexplained(color: Rgb, key: Rgb, foreground: Rgb): number {
  let [across, length, own] = [0, 0, 0];
  for (let c = 0; c < 3; c++) {
    const [way, here] = [foreground[c]! - key[c]!, color[c]! - key[c]!];
    across += here * way;
    length += way * way;
    own += here * here;
  }
  const share = length === 0 ? 0 : Math.min(1, Math.max(0, across / length));
  // Rounding can make it negative.
  return Math.sqrt(Math.max(0, own - 2 * share * across + share * share * length));
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
