import { type ColorDistance, colorMetric, type Coordinates } from "../palette/color_metric.ts";
import type { Palette } from "../palette/palette.ts";

/** A picture whose pixels are clusters of colors. */
export interface ClusteredPicture {
  /** Cluster of each pixel, an index in `clusters`, shape [H, W]. */
  readonly classes: Uint32Array;
  /** Width of the picture in pixels. */
  readonly width: number;
  /** Color of each cluster. */
  readonly clusters: Palette;
  /** Weight of each pixel, above 0, shape [H, W]. Default: all are 1. */
  readonly weights?: Float64Array | undefined;
}

/** Weight of the error of a difference between adjacent pixels; that of a pixel's color has 1. */
const CONTRAST_WEIGHT = 0.5;

/** Max number of rounds of the coordinate descent; two or three suffice. */
const MAX_ROUNDS = 20;

/**
 * Matches each cluster of a picture to a palette color, so that adjacent clusters stay distinct: a
 * dark green object stays visible on a green background, though both are nearest to the same green.
 *
 * Minimizes the squared error of the pixels plus half the squared error of the differences between
 * adjacent pixels, by coordinate descent from the nearest colors, largest cluster first.
 * Finds a local minimum.
 *
 * After Rasche, Geist & Westall 2005, "Re-coloring Images for Gamuts of Lower Dimension", which
 * preserves color differences in the same way.
 *
 * @returns Index in `palette` for each cluster.
 */
export function matchColors(
  picture: ClusteredPicture,
  palette: Palette,
  distance: ColorDistance = "srgb",
): number[] {
  const metric = colorMetric(distance);
  const convert = (palette: Palette) =>
    Array.from({ length: palette.size }, (_, k) => metric.convert(palette.at(k)));
  const clusters = convert(picture.clusters);
  const colors = convert(palette);
  const { areas, borders } = measure(picture);
  const errors = clusters.map((color) => colors.map((other) => metric.squared(color, other)));
  const matches = errors.map((row) => row.indexOf(Math.min(...row)));
  const cost = (k: number, match: number) => {
    const shift = difference(colors[match]!, clusters[k]!);
    let sum = areas[k]! * errors[k]![match]!;
    for (const [other, length] of borders[k]!) {
      const otherShift = difference(colors[matches[other]!]!, clusters[other]!);
      sum += CONTRAST_WEIGHT * length * squared(difference(shift, otherShift));
    }
    return sum;
  };
  const order = [...matches.keys()].sort((a, b) => areas[b]! - areas[a]!);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    let hasChanged = false;
    for (const k of order) {
      let min = cost(k, matches[k]!);
      for (const match of colors.keys()) {
        const sum = cost(k, match);
        if (sum >= min) continue;
        [min, matches[k], hasChanged] = [sum, match, true];
      }
    }
    if (!hasChanged) break;
  }
  return matches;
}

/** Areas of the clusters of a picture, and their common borders. */
interface Measures {
  /** Number of pixels of each cluster, by weight. */
  readonly areas: Float64Array;
  /** For each cluster, its adjacent clusters with the number of pairs of pixels, by weight. */
  readonly borders: readonly ReadonlyMap<number, number>[];
}

function measure({ classes, width, clusters, weights }: ClusteredPicture): Measures {
  const areas = new Float64Array(clusters.size);
  const borders = Array.from({ length: clusters.size }, () => new Map<number, number>());
  const count = (from: number, to: number, weight: number) => {
    borders[from]!.set(to, (borders[from]!.get(to) ?? 0) + weight);
  };
  const weightOf = (i: number) => weights?.[i] ?? 1;
  for (const [i, k] of classes.entries()) {
    areas[k]! += weightOf(i);
    const right = i % width === width - 1 ? [] : [i + 1];
    for (const j of [...right, i + width]) {
      const next = classes[j];
      if (next === undefined || next === k) continue;
      const weight = (weightOf(i) + weightOf(j)) / 2;
      count(k, next, weight);
      count(next, k, weight);
    }
  }
  return { areas, borders };
}

function difference(a: Coordinates, b: Coordinates): Coordinates {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

function squared([red, green, blue]: Coordinates): number {
  return red * red + green * green + blue * blue;
}
