import { type Oklab, oklabDistance, toOklab } from "./oklab.ts";
import { type Palette, paletteWarnings } from "./palette.ts";

/**
 * Distance in OKLab below which two colors look alike.
 *
 * Source: CSS Color Module Level 4, section 13.2, where it is the just noticeable difference.
 */
const NEAR_DISTANCE = 0.02;

/** Two different colors of a palette that look alike. */
export interface NearColors {
  /** Index of the first color, from 0. */
  readonly first: number;
  /** Index of the second color, from 0. */
  readonly second: number;
  /** Their distance in OKLab, in (0, 0.02). */
  readonly distance: number;
}

/** Finds pairs of colors that look alike, the nearest first. */
export function nearColors(palette: Palette): NearColors[] {
  const colors = Array.from({ length: palette.size }, (_, i) => toOklab(palette.at(i)));
  // By lightness, so that each color is compared only with candidates.
  const order = colors.map((_, i) => i).sort((a, b) => colors[a]![0] - colors[b]![0]);
  const pairs: NearColors[] = [];
  for (const [at, i] of order.entries()) {
    for (const j of nearInLightness(order, colors, at)) {
      const distance = oklabDistance(colors[i]!, colors[j]!);
      if (distance >= NEAR_DISTANCE || palette.hexAt(i) === palette.hexAt(j)) continue;
      pairs.push({ first: Math.min(i, j), second: Math.max(i, j), distance });
    }
  }
  return pairs.sort((a, b) => a.distance - b.distance || a.first - b.first || a.second - b.second);
}

/** Yields the following colors in order of lightness that may look like color `at`. */
function* nearInLightness(
  order: readonly number[],
  colors: readonly Oklab[],
  at: number,
): Generator<number> {
  const maxLightness = colors[order[at]!]![0] + NEAR_DISTANCE;
  for (let next = at + 1; next < order.length && colors[order[next]!]![0] < maxLightness; next++) {
    yield order[next]!;
  }
}

const MAX_NAMED = 3;

/** Lists warnings for choosing a palette, one sentence each: duplicates and similar colors. */
export function previewWarnings(palette: Palette): string[] {
  const pairs = nearColors(palette);
  if (pairs.length === 0) return paletteWarnings(palette);
  const named = pairs.slice(0, MAX_NAMED).map(({ first, second, distance }) =>
    `#${palette.hexAt(first)} and #${palette.hexAt(second)} (${distance.toFixed(4)})`
  );
  const count = pairs.length === 1
    ? "1 pair of colors looks"
    : `${pairs.length} pairs of colors look`;
  const such = pairs.length > MAX_NAMED ? "such as " : "";
  return [
    ...paletteWarnings(palette),
    `${count} alike, nearer than ${NEAR_DISTANCE} in OKLab: ${such}${named.join(", ")}`,
  ];
}
