import { cellsUnder, type PlacedPlate, PLATE_SHAPES, type PlateRegion } from "./plate_shapes.ts";

/**
 * Covers a region with the fewest plates of nine ways: from each of its corners, row by row and
 * column by column, each time the largest plate that fits on the first free stud, and once the
 * largest plates wherever they fit first.
 */
export function layGreedily(region: PlateRegion): PlacedPlate[] {
  const layouts = [...ORDERS.map((rank) => layInOrder(region, rank)), layLargest(region)];
  return layouts.reduce((a, b) => b.length < a.length ? b : a);
}

type Rank = (row: number, column: number) => readonly [first: number, second: number];

/** Orders of studs: from each corner, along rows and along columns. */
const ORDERS: readonly Rank[] = [1, -1].flatMap((down) =>
  [1, -1].flatMap((right): Rank[] => [
    (row, column) => [down * row, right * column],
    (row, column) => [right * column, down * row],
  ])
);

/**
 * Each time, the largest plate on the first free stud of an order, with that stud in its corner.
 */
function layInOrder({ cells, width }: PlateRegion, rank: Rank): PlacedPlate[] {
  const place = (cell: number) => rank(Math.floor(cell / width), cell % width);
  const sorted = cells.map((cell) => ({ cell, at: place(cell) }))
    .sort((a, b) => a.at[0] - b.at[0] || a.at[1] - b.at[1]);
  // Which way rows and columns go from the first stud of the order.
  const [origin, below, beside] = [place(0), place(width), place(1)];
  const isBefore = (a: readonly number[], b: readonly number[]) =>
    a[0]! < b[0]! || a[0] === b[0] && a[1]! < b[1]!;
  const [up, back] = [isBefore(below, origin), isBefore(beside, origin)];
  const free = new Set(cells);
  const layout: PlacedPlate[] = [];
  for (const { cell } of sorted) {
    if (!free.has(cell)) continue;
    const [row, column] = [Math.floor(cell / width), cell % width];
    for (const shape of PLATE_SHAPES) {
      const top = up ? row - shape.rows + 1 : row;
      const left = back ? column - shape.columns + 1 : column;
      if (!take(free, { ...shape, row: top, column: left }, width)) continue;
      layout.push({ ...shape, row: top, column: left });
      break;
    }
  }
  return layout;
}

/** The largest plates first, each wherever it fits in reading order. */
function layLargest({ cells, width }: PlateRegion): PlacedPlate[] {
  const free = new Set(cells);
  const layout: PlacedPlate[] = [];
  for (const shape of PLATE_SHAPES) {
    for (const cell of cells) {
      const plate = { ...shape, row: Math.floor(cell / width), column: cell % width };
      if (take(free, plate, width)) layout.push(plate);
    }
  }
  return layout;
}

/** Takes the studs of a plate if all are free. */
function take(free: Set<number>, plate: PlacedPlate, width: number): boolean {
  if (plate.row < 0 || plate.column < 0 || plate.column + plate.columns > width) return false;
  const studs = cellsUnder(plate, width);
  if (!studs.every((stud) => free.has(stud))) return false;
  for (const stud of studs) free.delete(stud);
  return true;
}
