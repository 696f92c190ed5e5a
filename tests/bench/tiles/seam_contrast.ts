import type { IndexedPicture } from "../../../lib/finish/indexed_picture.ts";
import { oklabDistance, toOklab } from "../../../lib/palette/oklab.ts";

/** How a picture looks across the seam of its copies, along one axis. */
export interface SeamContrast {
  /** Mean distance in OKLab of the pixels that meet at the seam. */
  readonly seam: number;
  /** The same of adjacent pixels inside of the picture. */
  readonly inside: number;
  /** The same of the two lines on each side of the seam: what lies there may have more contrast. */
  readonly beside: number;
}

/**
 * Measures the seam between copies of a picture beside each other ("x") or above each other ("y").
 *
 * A picture that joins its copies has a seam like any line between two of its columns or rows: the
 * ratio of seam to inside is about 1. If something lies across the seam of an else empty picture,
 * the ratio of seam to beside tells more.
 *
 * @param picture Without transparent pixels, at least 5 x 5.
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
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const [seam, inner] = [contrasts.at(-1)!, contrasts.slice(0, -1)];
  return { seam, inside: mean(inner), beside: mean([...inner.slice(0, 2), ...inner.slice(-2)]) };
}
