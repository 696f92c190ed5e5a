import type { IndexedPicture } from "../finish/indexed_picture.ts";
import type { Palette } from "../palette/palette.ts";
import { type ColorDistances, colorDistances, PENALTY } from "./color_distances.ts";
import { CraftError } from "./craft.ts";
import { assignAtMinCost } from "./min_cost_assignment.ts";

/** A picture in the colors of materials. */
export interface MatchedPicture {
  /** The picture, with the palette of the materials. */
  readonly picture: IndexedPicture;
  /** What became of the colors, one sentence each. */
  readonly notes: readonly string[];
}

/** Options of {@linkcode matchMaterials}. */
export interface MatchOptions {
  /** Maximum number of materials, 1 or more. Default: no limit. */
  readonly maxColors?: number;
  /** Count of each material that may be used, length K. Default: no limit. */
  readonly inventory?: readonly number[];
}

const MAX_NAMED = 5;

/**
 * Gives each color of a picture the nearest material by CIEDE2000, the first on ties. A color that
 * is a material's stays as it is. Transparent cells stay transparent.
 *
 * Other colors get no material that is transparent or glows by its name, if there is another one.
 *
 * With an inventory, the cells get materials at the minimum sum of CIEDE2000 under its counts: that
 * is exact. With a maximum number of colors, the material whose cells lose the least is given up,
 * again and again, so the result is good but perhaps not the best.
 *
 * @throws {CraftError} If the inventory has fewer materials than the picture has cells.
 */
export function matchMaterials(
  picture: IndexedPicture,
  materials: Palette,
  { maxColors = Infinity, inventory }: MatchOptions = {},
): MatchedPicture {
  const distances = colorDistances(picture, materials);
  const nearest = distances.distances.map((row) => row.indexOf(Math.min(...row)));
  const shares = inventory === undefined
    ? sharesOf(distances, fewerMaterials(distances, nearest, maxColors), materials.size)
    : sharesUnder(inventory, distances, materials);
  const indices = applyShares(picture, distances.used, shares, materials.size);
  const notes = matchNotes(picture, materials, distances, shares);
  if (inventory !== undefined) {
    const wanted = new Float64Array(materials.size);
    for (const [i, m] of nearest.entries()) wanted[m]! += distances.counts[i]!;
    notes.push(...shortNotes(wanted, inventory, materials));
  }
  return { picture: { ...picture, palette: materials, indices }, notes };
}

/** The cells of each color that get each material, shape [C, M]. */
type Shares = readonly Float64Array[];

function sharesOf({ counts }: ColorDistances, targets: readonly number[], size: number): Shares {
  return targets.map((m, i) => {
    const row = new Float64Array(size);
    row[m] = counts[i]!;
    return row;
  });
}

function sharesUnder(
  inventory: readonly number[],
  { counts, distances }: ColorDistances,
  materials: Palette,
): Shares {
  const shares = assignAtMinCost(counts, inventory, distances);
  if (shares !== undefined) return shares;
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  throw new CraftError(
    `Cannot fill ${sum(counts)} cells from the inventory: it has ${sum(inventory)} of ` +
      `"${materials.name}", ${sum(counts) - sum(inventory)} too few`,
  );
}

/** Gives up materials until there are few enough, each time the one that costs the least. */
function fewerMaterials(
  { counts, distances }: ColorDistances,
  nearest: readonly number[],
  maxColors: number,
): number[] {
  const kept = new Set(nearest);
  let targets = [...nearest];
  while (kept.size > maxColors) {
    let best: { material: number; targets: number[]; cost: number } | undefined;
    for (const material of kept) {
      const others = [...kept].filter((m) => m !== material);
      let cost = 0;
      const moved = targets.map((target, i) => {
        if (target !== material) return target;
        const row = distances[i]!;
        const next = others.reduce((a, b) => row[b]! < row[a]! ? b : a);
        cost += counts[i]! * (row[next]! - row[target]!);
        return next;
      });
      if (best === undefined || cost < best.cost) best = { material, targets: moved, cost };
    }
    kept.delete(best!.material);
    targets = best!.targets;
  }
  return targets;
}

/** Gives the cells of a color its materials in reading order. */
function applyShares(
  { indices, palette }: IndexedPicture,
  used: readonly number[],
  shares: Shares,
  size: number,
): Uint32Array {
  const queues = new Map(used.map((k, i) => {
    const row = shares[i]!;
    const queue = [...row.keys()].filter((m) => row[m]! > 0).map((m) => ({ m, left: row[m]! }));
    return [k, queue.sort((a, b) => b.left - a.left)];
  }));
  return indices.map((k) => {
    if (k === palette.size) return size;
    const queue = queues.get(k)!;
    const [first] = queue;
    if (--first!.left === 0) queue.shift();
    return first!.m;
  });
}

function matchNotes(
  picture: IndexedPicture,
  materials: Palette,
  { used, distances }: ColorDistances,
  shares: Shares,
): string[] {
  const label = (m: number) => {
    const { code, name } = materials.materialAt(m);
    return `${code} ${name}`.trim();
  };
  const taken = new Set<number>();
  const changed = used.flatMap((k, i) =>
    [...shares[i]!.entries()].flatMap(([m, cells]) => {
      if (cells === 0) return [];
      taken.add(m);
      const distance = distances[i]![m]! % PENALTY;
      return distance === 0 ? [] : [{ k, m, distance }];
    })
  ).sort((a, b) => b.distance - a.distance);
  const colors = new Set(changed.map(({ k }) => k)).size;
  if (colors === 0) return [`All ${used.length} colors are in "${materials.name}"`];
  const named = changed.slice(0, MAX_NAMED).map(({ k, m, distance }) =>
    `#${picture.palette.hexAt(k)} became ${label(m)} (${distance.toFixed(1)})`
  );
  const more = changed.length > MAX_NAMED ? `, and ${changed.length - MAX_NAMED} more` : "";
  const notes = [
    `${colors} of ${used.length} colors became other materials of "${materials.name}" ` +
    `(CIEDE2000): ${named.join(", ")}${more}`,
  ];
  if (taken.size < used.length) {
    const count = taken.size === 1 ? "1 material" : `${taken.size} materials`;
    notes.push(`${used.length} colors became ${count}`);
  }
  return notes;
}

/** Tells which nearest materials the inventory lacks. */
function shortNotes(
  wanted: Float64Array,
  inventory: readonly number[],
  materials: Palette,
): string[] {
  const short = [...wanted.keys()].filter((m) => wanted[m]! > inventory[m]!)
    .sort((a, b) => (wanted[b]! - inventory[b]!) - (wanted[a]! - inventory[a]!));
  if (short.length === 0) return ["The inventory has all that is nearest"];
  const named = short.slice(0, MAX_NAMED).map((m) => {
    const { code, name } = materials.materialAt(m);
    return `${wanted[m]! - inventory[m]!} of ${`${code} ${name}`.trim()}`;
  });
  const more = short.length > MAX_NAMED ? `, and ${short.length - MAX_NAMED} more materials` : "";
  return [`The inventory lacks ${named.join(", ")}${more}, so other materials take their cells`];
}
