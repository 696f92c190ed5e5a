import type { ImageSize } from "../image/image.ts";
import { type IndexedPicture, neighborsOf } from "./indexed_picture.ts";

/**
 * Gives orphan pixels, unlike all of their neighbors, the color of a neighbor.
 *
 * All pixels are read before one is changed, so their order does not matter.
 *
 * @param indices Palette index of each pixel, shape [H, W].
 * @param costOf Cost of a color at a pixel; the neighbor of the lowest cost is taken, the first on
 * ties.
 */
export function replaceOrphans(
  indices: Uint32Array,
  size: ImageSize,
  costOf: (pixel: number, color: number) => number,
): Uint32Array<ArrayBuffer> {
  return Uint32Array.from(indices, (own, i) => {
    const neighbors = Array.from(neighborsOf(size, i), (other) => indices[other]!);
    if (neighbors.length === 0 || neighbors.includes(own)) return own;
    return neighbors.reduce((a, b) => costOf(i, b) < costOf(i, a) ? b : a);
  });
}

/** What an orphan pixel of a diagonal line must gain by its color to keep it, see below. */
const LINE_GAIN = 0.01;

/** The same for a pixel that no pixel around it equals, diagonal neighbors included. */
const SPECK_GAIN = 0.042;

/** Passes over a picture; later ones find few orphans. */
const CLEANING_PASSES = 3;

/**
 * Gives orphan pixels the best color of their neighbors, unless their own color tells much more.
 *
 * Each pixel of a diagonal line is an orphan, so a line in a strong contrast stays. A pixel that
 * stands alone, such as an eye, needs four times the gain. Pixels are visited row by row, so that
 * of two orphans side by side the first one's new color counts for the second.
 *
 * @param indices Palette index of each pixel, shape [H, W].
 * @param costOf Squared distance of a color to the image at a pixel; that of black and white is 1.
 */
export function cleanOrphans(
  indices: Uint32Array,
  size: ImageSize,
  costOf: (pixel: number, color: number) => number,
): Uint32Array<ArrayBuffer> {
  const cleaned = indices.slice();
  for (let pass = 0; pass < CLEANING_PASSES; pass++) {
    let isChanged = false;
    for (const pixel of cleaned.keys()) {
      const own = cleaned[pixel]!;
      const neighbors = Array.from(neighborsOf(size, pixel), (other) => cleaned[other]!);
      if (neighbors.length === 0 || neighbors.includes(own)) continue;
      const best = neighbors.reduce((a, b) => costOf(pixel, b) < costOf(pixel, a) ? b : a);
      const gain = costOf(pixel, best) - costOf(pixel, own);
      const isOnLine = diagonalNeighborsOf(size, pixel).some((other) => cleaned[other] === own);
      if (gain >= (isOnLine ? LINE_GAIN : SPECK_GAIN)) continue;
      cleaned[pixel] = best;
      isChanged = true;
    }
    if (!isChanged) break;
  }
  return cleaned;
}

/** Returns the pixels that touch a pixel at its corners. */
function diagonalNeighborsOf({ height, width }: ImageSize, pixel: number): number[] {
  const [x, y] = [pixel % width, Math.floor(pixel / width)];
  return [[-1, -1], [1, -1], [-1, 1], [1, 1]]
    .map(([across, down]) => [x + across!, y + down!] as const)
    .filter(([u, v]) => u >= 0 && u < width && v >= 0 && v < height)
    .map(([u, v]) => v * width + u);
}

/**
 * Removes orphan pixels, those whose color none of their four neighbors has: each takes the most
 * frequent color of its neighbors, of several the one that is nearest to its own.
 *
 * Pixels are visited row by row, so that of two orphans side by side the first one's new color
 * counts for the second. Transparent orphans are holes, and are filled.
 *
 * @returns A new picture.
 */
export function removeOrphans(picture: IndexedPicture): IndexedPicture {
  const cleaned = { ...picture, indices: picture.indices.slice() };
  for (const pixel of cleaned.indices.keys()) {
    if (isOrphan(cleaned, pixel)) cleaned.indices[pixel] = frequentNeighbor(cleaned, pixel);
  }
  return cleaned;
}

function isOrphan(picture: IndexedPicture, pixel: number): boolean {
  for (const other of neighborsOf(picture, pixel)) {
    if (picture.indices[other] === picture.indices[pixel]) return false;
  }
  return picture.indices.length > 1;
}

function frequentNeighbor(picture: IndexedPicture, pixel: number): number {
  const { palette, indices } = picture;
  const counts = new Map<number, number>();
  for (const other of neighborsOf(picture, pixel)) {
    counts.set(indices[other]!, (counts.get(indices[other]!) ?? 0) + 1);
  }
  const own = indices[pixel]!;
  const distance = (k: number) => {
    if (k === palette.size || own === palette.size) return Infinity;
    const [a, b] = [palette.at(k), palette.at(own)];
    return a.reduce((sum, value, c) => sum + (value - b[c]!) ** 2, 0);
  };
  const [[best]] = [...counts].sort(([a, m], [b, n]) =>
    n - m || compare(distance(a), distance(b))
  ) as [
    [number, number],
  ];
  return best;
}

/** The order of two numbers, infinite ones included. */
function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
