import { neighborsOf } from "../finish/indexed_picture.ts";
import { CraftError } from "./craft.ts";
import type { Pattern } from "./pattern.ts";

/** A plate on the studs of the picture. */
export interface Plate {
  /** Part of LDraw and BrickLink, such as "3024". */
  readonly part: string;
  /** Index of the color in the palette. */
  readonly index: number;
  /** Its first row and column. */
  readonly row: number;
  /** First column. */
  readonly column: number;
  /** Studs from top to bottom. */
  readonly rows: number;
  /** Studs from left to right. */
  readonly columns: number;
}

/** Plates by studs along the short and the long dimension, the largest first. */
const PARTS: readonly (readonly [short: number, long: number, part: string])[] = [
  [2, 8, "3034"],
  [2, 6, "3795"],
  [2, 4, "3020"],
  [1, 8, "3460"],
  [2, 3, "3021"],
  [1, 6, "3666"],
  [2, 2, "3022"],
  [1, 4, "3710"],
  [1, 3, "3623"],
  [1, 2, "3023"],
  [1, 1, "3024"],
];

/**
 * Covers the studs of each color with plates. Each connected region gets the fewest plates of
 * several ways: from each of its corners, row by row and column by column, each time the largest
 * plate that fits on the first free stud, and once the largest plates wherever they fit first. That
 * gives few parts, but perhaps not the fewest.
 *
 * @throws {CraftError} If a material has no code of LDraw.
 */
export function layPlates({ picture, colors }: Pattern): Plate[] {
  for (const { material } of colors) {
    if (/^\d+$/.test(material.code)) continue;
    throw new CraftError(
      `Cannot make bricks in the colors of "${picture.palette.name}": expected codes of LDraw, as ` +
        `"lego" has them, got "${material.code}"`,
    );
  }
  const { indices, width, palette } = picture;
  const seen = new Set<number>();
  const plates: Plate[] = [];
  for (const [start, index] of indices.entries()) {
    if (index === palette.size || seen.has(start)) continue;
    const region = new Set([start]);
    for (const cell of region) {
      seen.add(cell);
      for (const next of neighborsOf(picture, cell)) if (indices[next] === index) region.add(next);
    }
    const cells = [...region];
    const layouts = [
      ...ORDERS.map((rank) => layInOrder(cells, width, rank)),
      layLargest(cells, width),
    ];
    const fewest = layouts.reduce((a, b) => b.length < a.length ? b : a);
    plates.push(...fewest.map((plate) => ({ ...plate, index })));
  }
  return plates;
}

type Layout = Omit<Plate, "index">[];
type Rank = (row: number, column: number) => readonly [first: number, second: number];

/** Orders of studs: from each corner, along rows and along columns. */
const ORDERS: readonly Rank[] = [1, -1].flatMap((down) =>
  [1, -1].flatMap((right): Rank[] => [
    (row, column) => [down * row, right * column],
    (row, column) => [right * column, down * row],
  ])
);

const SHAPES = PARTS.flatMap(([short, long, part]) => [
  { part, rows: short, columns: long },
  ...(short === long ? [] : [{ part, rows: long, columns: short }]),
]);

/**
 * Each time, the largest plate on the first free stud of an order, with that stud in its corner.
 */
function layInOrder(cells: readonly number[], width: number, rank: Rank): Layout {
  const place = (cell: number) => rank(Math.floor(cell / width), cell % width);
  const sorted = cells.map((cell) => ({ cell, at: place(cell) }))
    .sort((a, b) => a.at[0] - b.at[0] || a.at[1] - b.at[1]);
  // Which way rows and columns go from the first stud of the order.
  const [origin, below, beside] = [place(0), place(width), place(1)];
  const isBefore = (a: readonly number[], b: readonly number[]) =>
    a[0]! < b[0]! || a[0] === b[0] && a[1]! < b[1]!;
  const [up, back] = [isBefore(below, origin), isBefore(beside, origin)];
  const free = new Set(cells);
  const layout: Layout = [];
  for (const { cell } of sorted) {
    if (!free.has(cell)) continue;
    const [row, column] = [Math.floor(cell / width), cell % width];
    for (const shape of SHAPES) {
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
function layLargest(cells: readonly number[], width: number): Layout {
  const free = new Set(cells);
  const sorted = [...cells].sort((a, b) => a - b);
  const layout: Layout = [];
  for (const shape of SHAPES) {
    for (const cell of sorted) {
      const plate = { ...shape, row: Math.floor(cell / width), column: cell % width };
      if (take(free, plate, width)) layout.push(plate);
    }
  }
  return layout;
}

/** Takes the studs of a plate if all are free. */
function take(free: Set<number>, { row, column, rows, columns }: Layout[number], width: number) {
  if (row < 0 || column < 0 || column + columns > width) return false;
  const studs = Array.from(
    { length: rows * columns },
    (_, i) => (row + Math.floor(i / columns)) * width + column + i % columns,
  );
  if (!studs.every((stud) => free.has(stud))) return false;
  for (const stud of studs) free.delete(stud);
  return true;
}
