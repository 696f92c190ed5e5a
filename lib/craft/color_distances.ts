import type { IndexedPicture } from "../finish/indexed_picture.ts";
import { colorMetric } from "../palette/color_metric.ts";
import type { Palette } from "../palette/palette.ts";

/** Colors of a picture and how far they are from materials. */
export interface ColorDistances {
  /** Indices of the colors that occur, ascending. */
  readonly used: readonly number[];
  /** Number of cells of each used color. */
  readonly counts: readonly number[];
  /**
   * CIEDE2000 of each used color to each material, shape [used, materials]; with a penalty for
   * materials that are transparent or glow, unless the color is theirs.
   */
  readonly distances: readonly Float64Array[];
}

const SEE_THROUGH = /transparent|translucent|\bclear\b|\bglow\b/i;
/** More than any CIEDE2000, so that all other materials are nearer. */
export const PENALTY = 1000;

/** Measures how far the colors of a picture are from materials. */
export function colorDistances(picture: IndexedPicture, materials: Palette): ColorDistances {
  const metric = colorMetric("ciede2000");
  const counts = new Map<number, number>();
  for (const k of picture.indices) counts.set(k, (counts.get(k) ?? 0) + 1);
  counts.delete(picture.palette.size);
  const used = [...counts.keys()].sort((a, b) => a - b);
  const points = Array.from({ length: materials.size }, (_, m) => ({
    point: metric.convert(materials.at(m)),
    penalty: SEE_THROUGH.test(materials.materialAt(m).name) ? PENALTY : 0,
  }));
  return {
    used,
    counts: used.map((k) => counts.get(k)!),
    distances: used.map((k) => {
      const color = metric.convert(picture.palette.at(k));
      return Float64Array.from(points, ({ point, penalty }) => {
        const distance = Math.sqrt(metric.squared(color, point));
        return distance === 0 ? 0 : distance + penalty;
      });
    }),
  };
}
