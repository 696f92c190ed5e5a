import type { Image } from "../image/image.ts";
import { nearestColor } from "../palette/nearest_color.ts";
import { toOklab } from "../palette/oklab.ts";
import type { Palette } from "../palette/palette.ts";
import { type DitherPattern, thresholdMap } from "./threshold_maps.ts";

/** Number of candidates for each color. */
const CANDIDATES = 16;

/**
 * Dithers an image with a palette: each pixel takes one of 16 candidate colors whose mean comes
 * near to its own color, by a repeated pattern of thresholds.
 *
 * The candidates of a color are found one by one: each is the nearest palette color to the color
 * plus the error of those before, times the strength. They are sorted by lightness, so that the
 * same threshold means the same brightness in neighboring pixels.
 *
 * Source: Knoll 1999, US patent 6,606,166, expired; described by Yliluoma 2011,
 * https://bisqwit.iki.fi/story/howto/dither/jy.
 *
 * @param image Opaque, of the picture's size.
 * @param strength In [0, 1]: 0 gives the nearest colors.
 * @returns Palette index of each pixel, shape [H, W].
 */
export function dither(
  image: Image,
  palette: Palette,
  { pattern, strength = 1 }: { readonly pattern: DitherPattern; readonly strength?: number },
): Uint32Array<ArrayBuffer> {
  if (!(strength >= 0 && strength <= 1)) {
    throw new RangeError(`Cannot dither: expected a strength in [0, 1], got ${strength}`);
  }
  const { size, thresholds } = thresholdMap(pattern);
  const lightness = Array.from({ length: palette.size }, (_, k) => toOklab(palette.at(k))[0]);
  const known = new Map<number, readonly number[]>();
  const indices = new Uint32Array(image.height * image.width);
  for (let i = 0; i < indices.length; i++) {
    const [red, green, blue] = image.data.subarray(i * 4, i * 4 + 3);
    const key = red! << 16 | green! << 8 | blue!;
    let candidates = known.get(key);
    if (candidates === undefined) {
      candidates = findCandidates([red!, green!, blue!], palette, strength)
        .sort((a, b) => lightness[a]! - lightness[b]! || a - b);
      known.set(key, candidates);
    }
    const [x, y] = [i % image.width, Math.floor(i / image.width)];
    const threshold = thresholds[y % size * size + x % size]!;
    indices[i] = candidates[Math.floor(threshold * CANDIDATES)]!;
  }
  return indices;
}

function findCandidates(color: readonly number[], palette: Palette, strength: number): number[] {
  const error = [0, 0, 0];
  return Array.from({ length: CANDIDATES }, () => {
    const wanted = color.map((value, c) => value + strength * error[c]!);
    const found = nearestColor(wanted, palette.colors);
    for (const [c, value] of palette.at(found).entries()) error[c]! += color[c]! - value;
    return found;
  });
}
