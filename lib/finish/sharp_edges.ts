import { type Oklab, oklabDistance, toOklab } from "../palette/oklab.ts";
import type { IndexedPicture } from "./indexed_picture.ts";

/** Areas less far apart, in OKLab, are shades of one thing: a color between them is wanted. */
const MIN_CONTRAST = 0.25;
/** How much longer the way through a color between two others may be than the straight one. */
const MAX_DETOUR = 1.1;

/** The four directions through a pixel. */
const DIRECTIONS = [[1, 0], [0, 1], [1, 1], [1, -1]] as const;

/**
 * Removes the antialiasing of edges: a pixel between two areas in strong contrast whose color lies
 * between theirs takes the nearer one. An area is two pixels of a color in a row, across the edge.
 *
 * All pixels are read before one is changed. Transparent pixels have no color between others, so
 * the silhouette of a cut-out stays.
 *
 * @returns A new picture; no color is new in it.
 */
export function sharpenEdges(picture: IndexedPicture): IndexedPicture {
  const { height, width, palette, indices } = picture;
  const labs = Array.from({ length: palette.size }, (_, k) => toOklab(palette.at(k)));
  const at = (x: number, y: number) =>
    x < 0 || y < 0 || x >= width || y >= height ? undefined : indices[y * width + x]!;
  const sharp = indices.map((own, i) => {
    if (own === palette.size) return own;
    const [x, y] = [i % width, Math.floor(i / width)];
    for (const [dx, dy] of DIRECTIONS) {
      const [a, b] = [at(x - dx, y - dy), at(x + dx, y + dy)];
      if (a === undefined || b === undefined) continue;
      if (a !== at(x - 2 * dx, y - 2 * dy) || b !== at(x + 2 * dx, y + 2 * dy)) continue;
      const nearer = nearerOf([a, own, b], labs);
      if (nearer !== undefined) return nearer;
    }
    return own;
  });
  return { ...picture, indices: sharp };
}

/**
 * Returns which of two areas a color between them is nearer to; undefined if it is not between
 * them, or they are too alike. Of two at the same distance, the one with the lower index.
 */
function nearerOf(
  [a, own, b]: readonly [number, number, number],
  labs: readonly Oklab[],
): number | undefined {
  const [from, through, to] = [labs[a], labs[own]!, labs[b]];
  if (from === undefined || to === undefined || a === own || b === own) return undefined;
  const [first, second] = [oklabDistance(from, through), oklabDistance(through, to)];
  const contrast = oklabDistance(from, to);
  if (contrast < MIN_CONTRAST || first + second > MAX_DETOUR * contrast) return undefined;
  if (first === second) return Math.min(a, b);
  return first < second ? a : b;
}
