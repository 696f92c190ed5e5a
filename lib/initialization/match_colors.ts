import { nearestColor } from "../palette/nearest_color.ts";
import type { Palette } from "../palette/palette.ts";

/** A picture in colors of its own. */
export interface OwnColors {
  /** Index of each pixel's color in `own`, shape [H, W]. */
  readonly classes: Uint32Array;
  /** Width of the picture in pixels. */
  readonly width: number;
  /** The picture's own colors. */
  readonly own: Palette;
}

/** How much a difference between two pixels side by side weighs, against a pixel's own color. */
const CONTRAST = 0.5;

/** Rounds that are made, at most; two or three suffice. */
const MAX_ROUNDS = 20;

/**
 * Finds a palette's color for each of a picture's own: near to it, and as different from those
 * beside it as they were. So a dark green thing on a green ground does not become one with it where
 * both are nearest to the same green.
 *
 * It is the least sum of squared distances in sRGB over all pixels, and over the differences of all
 * that lie side by side, weighed half; found color by color, the largest area first, from the
 * nearest ones on, until none changes: not always the least of all.
 *
 * After Rasche, Geist & Westall 2005, "Re-coloring Images for Gamuts of Lower Dimension", which
 * keeps differences of colors likewise.
 *
 * @returns Index in `palette` for each color of `own`.
 */
export function matchColors(colors: OwnColors, palette: Palette): number[] {
  const own = triplesOf(colors.own);
  const given = triplesOf(palette);
  const { areas, borders } = measure(colors);
  const matches = own.map((color) => nearestColor(color, palette.colors));
  const cost = (k: number, match: number) => {
    const shift = difference(given[match]!, own[k]!);
    let sum = areas[k]! * squared(shift);
    for (const [other, length] of borders[k]!) {
      const otherShift = difference(given[matches[other]!]!, own[other]!);
      sum += CONTRAST * length * squared(difference(shift, otherShift));
    }
    return sum;
  };
  const order = [...matches.keys()].sort((a, b) => areas[b]! - areas[a]!);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    let hasChanged = false;
    for (const k of order) {
      let least = cost(k, matches[k]!);
      for (const match of given.keys()) {
        const sum = cost(k, match);
        if (sum >= least) continue;
        [least, matches[k], hasChanged] = [sum, match, true];
      }
    }
    if (!hasChanged) break;
  }
  return matches;
}

/** How large the areas of a picture's colors are, and where they touch. */
interface Measures {
  /** Pixels of each color. */
  readonly areas: Float64Array;
  /** For each color those beside it, and how many pairs of pixels that makes. */
  readonly borders: readonly ReadonlyMap<number, number>[];
}

function measure({ classes, width, own }: OwnColors): Measures {
  const areas = new Float64Array(own.size);
  const borders = Array.from({ length: own.size }, () => new Map<number, number>());
  const count = (from: number, to: number) => {
    borders[from]!.set(to, (borders[from]!.get(to) ?? 0) + 1);
  };
  for (const [i, k] of classes.entries()) {
    areas[k]! += 1;
    const right = i % width === width - 1 ? undefined : classes[i + 1];
    for (const next of [right, classes[i + width]]) {
      if (next === undefined || next === k) continue;
      count(k, next);
      count(next, k);
    }
  }
  return { areas, borders };
}

type Triple = readonly [number, number, number];

function triplesOf(palette: Palette): Triple[] {
  return Array.from({ length: palette.size }, (_, k) => [...palette.at(k)]);
}

function difference(a: Triple, b: Triple): Triple {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

function squared([red, green, blue]: Triple): number {
  return red * red + green * green + blue * blue;
}
