import { type IndexedPicture, neighborsOf } from "../finish/indexed_picture.ts";
import { type BeadPart, beadParts, connectedCells, singleBridges } from "./bead_parts.ts";

/** The most beads that are added at one place: more would change what the picture shows. */
const MAX_ADDED = 3;

/**
 * Adds beads where a picture would fall apart: between loose parts, and beside single bridges. Each
 * place gets the fewest beads, at most three, in the color of the beads beside them.
 *
 * @param left How many beads of each material are left, length K; it is counted down. Default: as
 * many as needed.
 * @returns A new picture. Its parts that are farther away, and bridges that would need more, stay.
 */
export function mendBeads(picture: IndexedPicture, left?: number[]): IndexedPicture {
  const mended = { ...picture, indices: picture.indices.slice() };
  for (const part of beadParts(mended).slice(1)) {
    const isElsewhere = (cell: number) => isBead(mended, cell) && !part.has(cell);
    addPath(mended, pathBetween(mended, part, isElsewhere), left);
  }
  // A mended place can make the next one shorter, so each is tried until none can be mended.
  for (let isChanged = true; isChanged;) {
    isChanged = false;
    for (const bridge of singleBridges(mended)) {
      const isPiece = (cell: number) => cell !== bridge && isBead(mended, cell);
      const pieces = connectedCells(mended, neighborsOf(mended, bridge), isPiece)
        .sort((a, b) => a.size - b.size);
      const [smallest, ...others] = pieces;
      if (others.length === 0) continue;
      const isOther = (cell: number) => others.some((piece) => piece.has(cell));
      if (addPath(mended, pathBetween(mended, smallest!, isOther), left)) isChanged = true;
    }
  }
  return mended;
}

function isBead({ indices, palette }: IndexedPicture, cell: number): boolean {
  return indices[cell] !== palette.size;
}

/** Finds the fewest empty cells from a part to a goal, from the part on. */
function pathBetween(
  picture: IndexedPicture,
  part: BeadPart,
  isGoal: (cell: number) => boolean,
): number[] | undefined {
  const before = new Map<number, number | undefined>();
  let ring = [...part];
  for (const cell of ring) before.set(cell, undefined);
  for (let length = 0; length <= MAX_ADDED; length++) {
    const next: number[] = [];
    for (const cell of ring) {
      for (const beside of neighborsOf(picture, cell)) {
        if (before.has(beside)) continue;
        if (length > 0 && isGoal(beside)) return wayTo(cell, before);
        if (isBead(picture, beside)) continue;
        before.set(beside, cell);
        next.push(beside);
      }
    }
    ring = next;
  }
  return undefined;
}

function wayTo(end: number, before: ReadonlyMap<number, number | undefined>): number[] {
  const way: number[] = [];
  for (let cell: number | undefined = end; cell !== undefined; cell = before.get(cell)) {
    way.unshift(cell);
  }
  return way;
}

/** Fills a way, whose first cell is a bead, with the color of that bead. */
function addPath(
  { indices }: IndexedPicture,
  path: readonly number[] | undefined,
  left: number[] | undefined,
): boolean {
  if (path === undefined) return false;
  const [first, ...added] = path;
  const color = indices[first!]!;
  if (left !== undefined) {
    if (left[color]! < added.length) return false;
    left[color]! -= added.length;
  }
  for (const cell of added) indices[cell] = color;
  return true;
}
