import type { StitchPoint } from "./stitches.ts";

/** Points that are nearer than this to the one before are left out. */
const MIN_STITCH = 10;
/** A way over a filled cell stays visible, so it counts like one over several others. */
const FILLED_COST = 8;

/** Where a thread may go. */
export interface TravelArea {
  /** Cells, each its row times `width` plus its column, connected by their sides. */
  readonly region: ReadonlySet<number>;
  /** Cells that are filled already. */
  readonly filled: ReadonlySet<number>;
}

/**
 * Finds a way of running stitches inside a region, over the centers of its cells: a short one, and
 * where it can below what is filled later.
 *
 * @param from Where the thread is, in tenths of a millimeter from the corner of cell (0, 0).
 * @param to Where it goes.
 * @returns The points between both, at most a cell apart.
 */
export function travelPath(
  { region, filled }: TravelArea,
  from: StitchPoint,
  to: StitchPoint,
  { width, cell }: { readonly width: number; readonly cell: number },
): StitchPoint[] {
  const start = nearestCell(region, from, width, cell);
  const goal = nearestCell(region, to, width, cell);
  // From the goal, so that the way is read from its start (Dijkstra, with a list for each cost).
  const costs = new Map([[goal, 0]]);
  const before = new Map([[goal, goal]]);
  const lists: number[][] = [[goal]];
  for (let cost = 0; cost < lists.length; cost++) {
    for (const at of lists[cost] ?? []) {
      if (costs.get(at) !== cost) continue;
      for (const next of [at - width, at + width, at - 1, at + 1]) {
        const isBeside = Math.abs(next % width - at % width) <= 1;
        const sum = cost + (filled.has(next) ? FILLED_COST : 1);
        if (!isBeside || !region.has(next) || sum >= (costs.get(next) ?? Infinity)) continue;
        costs.set(next, sum);
        before.set(next, at);
        (lists[sum] ??= []).push(next);
      }
    }
  }
  const points: StitchPoint[] = [];
  let last = from;
  const isFar = (a: StitchPoint, b: StitchPoint) => Math.hypot(a.x - b.x, a.y - b.y) >= MIN_STITCH;
  for (let at = start;; at = before.get(at)!) {
    const point = centerOf(at, width, cell);
    if (isFar(last, point) && isFar(point, to)) {
      points.push(point);
      last = point;
    }
    if (at === goal) return points;
  }
}

function centerOf(at: number, width: number, cell: number): StitchPoint {
  return {
    x: Math.round((at % width + 0.5) * cell),
    y: Math.round((Math.floor(at / width) + 0.5) * cell),
  };
}

/** The cell of a region whose center is nearest to a point. */
function nearestCell(
  region: ReadonlySet<number>,
  { x, y }: StitchPoint,
  width: number,
  cell: number,
): number {
  let [best, shortest] = [-1, Infinity];
  for (const at of region) {
    const center = centerOf(at, width, cell);
    const length = Math.hypot(center.x - x, center.y - y);
    if (length < shortest) [best, shortest] = [at, length];
  }
  return best;
}
