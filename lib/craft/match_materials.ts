import type { IndexedPicture } from "../finish/indexed_picture.ts";
import { colorMetric } from "../palette/color_metric.ts";
import type { Palette } from "../palette/palette.ts";

/** A picture in the colors of materials. */
export interface MatchedPicture {
  /** The picture, with the palette of the materials. */
  readonly picture: IndexedPicture;
  /** What became of the colors, one sentence each. */
  readonly notes: readonly string[];
}

/** Colors of a picture and how far they are from materials. */
interface ColorDistances {
  /** Indices of the colors that occur, ascending. */
  readonly used: readonly number[];
  /** Number of cells of each used color. */
  readonly counts: readonly number[];
  /**
   * CIEDE2000 of each used color to each material, shape [used, materials]; infinite for materials
   * that are transparent or glow, unless the color is theirs.
   */
  readonly distances: readonly Float64Array[];
}

const MAX_NAMED = 5;
const SEE_THROUGH = /transparent|translucent|\bclear\b|\bglow\b/i;

/**
 * Gives each color of a picture the nearest material by CIEDE2000, the first on ties. A color that
 * is a material's stays as it is. Transparent cells stay transparent.
 *
 * Other colors get no material that is transparent or glows by its name: on a table it does not
 * look like its color.
 */
export function matchMaterials(picture: IndexedPicture, materials: Palette): MatchedPicture {
  const { used, distances } = colorDistances(picture, materials);
  const targets = new Map(
    used.map((k, i) => [k, distances[i]!.indexOf(Math.min(...distances[i]!))]),
  );
  const indices = picture.indices.map((k) => targets.get(k) ?? materials.size);
  const changed = used.flatMap((k, i) => {
    const target = targets.get(k)!;
    const distance = distances[i]![target]!;
    if (picture.palette.hexAt(k) === materials.hexAt(target)) return [];
    return [{ k, target, distance }];
  });
  const matched = { ...picture, palette: materials, indices };
  if (changed.length === 0) {
    return { picture: matched, notes: [`All ${used.length} colors are in "${materials.name}"`] };
  }
  changed.sort((a, b) => b.distance - a.distance);
  const named = changed.slice(0, MAX_NAMED).map(({ k, target, distance }) => {
    const { code, name } = materials.materialAt(target);
    const label = `${code} ${name}`.trim();
    return `#${picture.palette.hexAt(k)} became ${label} (${distance.toFixed(1)})`;
  });
  const more = changed.length > MAX_NAMED ? `, and ${changed.length - MAX_NAMED} more` : "";
  const merged = used.length - new Set(targets.values()).size;
  const notes = [
    `${changed.length} of ${used.length} colors are not in "${materials.name}", and became the ` +
    `nearest materials (CIEDE2000): ${named.join(", ")}${more}`,
  ];
  if (merged > 0) {
    notes.push(`${used.length} colors became ${used.length - merged} materials`);
  }
  return { picture: matched, notes };
}

/** Measures how far the colors of a picture are from materials. */
function colorDistances(picture: IndexedPicture, materials: Palette): ColorDistances {
  const metric = colorMetric("ciede2000");
  const counts = new Map<number, number>();
  for (const k of picture.indices) counts.set(k, (counts.get(k) ?? 0) + 1);
  counts.delete(picture.palette.size);
  const used = [...counts.keys()].sort((a, b) => a - b);
  const points = Array.from({ length: materials.size }, (_, m) => metric.convert(materials.at(m)));
  const opaque = points.map((_, m) => !SEE_THROUGH.test(materials.materialAt(m).name));
  const hasOpaque = opaque.includes(true);
  return {
    used,
    counts: used.map((k) => counts.get(k)!),
    distances: used.map((k) => {
      const color = metric.convert(picture.palette.at(k));
      return Float64Array.from(points, (point, m) => {
        const distance = Math.sqrt(metric.squared(color, point));
        return distance === 0 || opaque[m] || !hasOpaque ? distance : Infinity;
      });
    }),
  };
}
