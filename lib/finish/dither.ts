import type { Image } from "../image/image.ts";
import {
  type ColorDistance,
  type ColorMetric,
  colorMetric,
  type Coordinates,
} from "../palette/color_metric.ts";
import { toOklab } from "../palette/oklab.ts";
import type { Palette } from "../palette/palette.ts";
import { type DitherPattern, thresholdMap } from "./threshold_maps.ts";

/** Options of {@linkcode dither}. */
export interface DitherOptions {
  /** Pattern of the thresholds. */
  readonly pattern: DitherPattern;
  /** In [0, 1]: 0 gives the nearest colors. Default: 1. */
  readonly strength?: number;
  /** How colors are compared and mixed. Default: "srgb". */
  readonly distance?: ColorDistance;
  /** Palette indices that are used. Default: all. */
  readonly allowed?: Iterable<number>;
}

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
 * @returns Palette index of each pixel, shape [H, W].
 */
export function dither(
  image: Image,
  palette: Palette,
  { pattern, strength = 1, distance = "srgb", allowed }: DitherOptions,
): Uint32Array<ArrayBuffer> {
  if (!(strength >= 0 && strength <= 1)) {
    throw new RangeError(`Cannot dither: expected a strength in [0, 1], got ${strength}`);
  }
  const { size, thresholds } = thresholdMap(pattern);
  const lightness = Array.from({ length: palette.size }, (_, k) => toOklab(palette.at(k))[0]);
  const metric = colorMetric(distance);
  const used = [...allowed ?? Array.from({ length: palette.size }, (_, k) => k)];
  const colors = used.map((k) => metric.convert(palette.at(k)));
  const known = new Map<number, readonly number[]>();
  const indices = new Uint32Array(image.height * image.width);
  for (let i = 0; i < indices.length; i++) {
    const [red, green, blue] = image.data.subarray(i * 4, i * 4 + 3);
    const key = red! << 16 | green! << 8 | blue!;
    let candidates = known.get(key);
    if (candidates === undefined) {
      candidates = findCandidates(metric.convert([red!, green!, blue!]), colors, metric, strength)
        .map((found) => used[found]!)
        .sort((a, b) => lightness[a]! - lightness[b]! || a - b);
      known.set(key, candidates);
    }
    const [x, y] = [i % image.width, Math.floor(i / image.width)];
    const threshold = thresholds[y % size * size + x % size]!;
    indices[i] = candidates[Math.floor(threshold * CANDIDATES)]!;
  }
  return indices;
}

function findCandidates(
  color: Coordinates,
  colors: readonly Coordinates[],
  metric: ColorMetric,
  strength: number,
): number[] {
  const error: [number, number, number] = [0, 0, 0];
  return Array.from({ length: CANDIDATES }, () => {
    const wanted: Coordinates = [
      color[0] + strength * error[0],
      color[1] + strength * error[1],
      color[2] + strength * error[2],
    ];
    const distances = colors.map((other) => metric.squared(wanted, other));
    const found = distances.indexOf(Math.min(...distances));
    for (const c of [0, 1, 2] as const) error[c] += color[c] - colors[found]![c];
    return found;
  });
}
