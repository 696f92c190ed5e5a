import type { ImageSize } from "../image/image.ts";

/**
 * Gives orphan pixels, unlike all of their neighbors, the color of a neighbor.
 *
 * All pixels are read before one is changed, so their order does not matter.
 *
 * @param indices Palette index of each pixel, shape [H, W].
 * @param costOf Cost of a color at a pixel; the neighbor of the lowest cost is taken, the first on
 * ties.
 */
export function removeOrphans(
  indices: Uint32Array,
  { height, width }: ImageSize,
  costOf: (pixel: number, color: number) => number,
): Uint32Array<ArrayBuffer> {
  return Uint32Array.from(indices, (own, i) => {
    const [y, x] = [Math.floor(i / width), i % width];
    const neighbors = [
      ...y > 0 ? [indices[i - width]!] : [],
      ...y < height - 1 ? [indices[i + width]!] : [],
      ...x > 0 ? [indices[i - 1]!] : [],
      ...x < width - 1 ? [indices[i + 1]!] : [],
    ];
    if (neighbors.length === 0 || neighbors.includes(own)) return own;
    return neighbors.reduce((a, b) => costOf(i, b) < costOf(i, a) ? b : a);
  });
}
