import type { IndexedPicture } from "../../../lib/finish/indexed_picture.ts";
import { oklabDistance, toOklab } from "../../../lib/palette/oklab.ts";

/** How a picture looks across the seam of its copies, along one axis. */
export interface SeamContrast {
  /** Mean distance in OKLab of the pixels that meet at the seam. */
  readonly seam: number;
  /** The same of adjacent pixels inside of the picture. */
  readonly inside: number;
  /** Share of the lines inside, between columns or rows, with at least the contrast of the seam. */
  readonly rank: number;
}

/**
 * Measures the seam between copies of a picture beside each other ("x") or above each other ("y").
 *
 * A picture that joins its copies has a seam like any line between two of its columns or rows: the
 * ratio of seam to inside is about 1.
 *
 * @param picture Without transparent pixels, at least 2 x 2.
 */
export function seamContrast(picture: IndexedPicture, axis: "x" | "y"): SeamContrast {
  const { height, width, palette, indices } = picture;
  const labs = Array.from({ length: palette.size }, (_, k) => toOklab(palette.at(k)));
  const [along, across] = axis === "x" ? [height, width] : [width, height];
  const labAt = (line: number, i: number) =>
    labs[indices[axis === "x" ? i * width + line : line * width + i]!]!;
  const contrasts = Array.from({ length: across }, (_, line) => {
    let sum = 0;
    for (let i = 0; i < along; i++) {
      sum += oklabDistance(labAt(line, i), labAt((line + 1) % across, i));
    }
    return sum / along;
  });
  const [seam, inner] = [contrasts.at(-1)!, contrasts.slice(0, -1)];
  const inside = inner.reduce((sum, value) => sum + value, 0) / inner.length;
  return { seam, inside, rank: inner.filter((value) => value >= seam).length / inner.length };
}
