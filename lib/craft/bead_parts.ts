import { type IndexedPicture, neighborsOf } from "../finish/indexed_picture.ts";

/** Beads that hold together: connected by their sides. */
export type BeadPart = ReadonlySet<number>;

/** The smallest piece that counts as one which breaks off. */
const MIN_PIECE = 2;

/** Finds the parts of a picture's opaque cells, the largest first. */
export function beadParts(picture: IndexedPicture): BeadPart[] {
  const isBead = (cell: number) => picture.indices[cell] !== picture.palette.size;
  return connectedCells(picture, picture.indices.keys(), isBead)
    .sort((a, b) => b.size - a.size);
}

/** Divides cells into those that are connected by their sides. */
export function connectedCells(
  picture: IndexedPicture,
  cells: Iterable<number>,
  isIn: (cell: number) => boolean,
): Set<number>[] {
  const seen = new Set<number>();
  const parts: Set<number>[] = [];
  for (const start of cells) {
    if (seen.has(start) || !isIn(start)) continue;
    const part = new Set([start]);
    for (const cell of part) {
      seen.add(cell);
      for (const next of neighborsOf(picture, cell)) if (isIn(next)) part.add(next);
    }
    parts.push(part);
  }
  return parts;
}

/**
 * Finds single bridges: beads without which their part falls into pieces, of which two have two
 * beads or more. What hangs on such a bead breaks off easily.
 *
 * They are the articulation points of the graph of neighbors, found by depth-first search.
 *
 * Source: Hopcroft & Tarjan 1973, https://doi.org/10.1145/362248.362272.
 */
export function singleBridges(picture: IndexedPicture): number[] {
  return beadParts(picture).flatMap((part) => bridgesOf(picture, part)).sort((a, b) => a - b);
}

interface Visit {
  readonly cell: number;
  readonly parent: Visit | undefined;
  readonly rest: number[];
  /** Number in the order of visits, the least one that is reached from below, cells below. */
  readonly order: number;
  low: number;
  size: number;
  /** Cells below children that reach no further up, and how many of these children are pieces. */
  cut: number;
  pieces: number;
}

function bridgesOf(picture: IndexedPicture, part: BeadPart): number[] {
  const visits = new Map<number, Visit>();
  const open = (cell: number, parent: Visit | undefined): Visit => {
    const rest = [...neighborsOf(picture, cell)].filter((next) => part.has(next));
    const order = visits.size;
    const visit = { cell, parent, rest, order, low: order, size: 1, cut: 0, pieces: 0 };
    visits.set(cell, visit);
    return visit;
  };
  const found: number[] = [];
  let at: Visit | undefined = open(part.values().next().value!, undefined);
  while (at !== undefined) {
    const next = at.rest.pop();
    if (next !== undefined) {
      const seen = visits.get(next);
      if (seen === undefined) at = open(next, at);
      else at.low = Math.min(at.low, seen.order);
      continue;
    }
    const { parent }: Visit = at;
    const others = part.size - 1 - at.cut;
    if (at.pieces + (others >= MIN_PIECE ? 1 : 0) >= 2) found.push(at.cell);
    if (parent !== undefined) {
      parent.size += at.size;
      parent.low = Math.min(parent.low, at.low);
      if (at.low >= parent.order) {
        parent.cut += at.size;
        if (at.size >= MIN_PIECE) parent.pieces++;
      }
    }
    at = parent;
  }
  return found;
}
