/** A plate of a layout, without a color. */
export interface PlacedPlate {
  /** Part of LDraw and BrickLink, such as "3024". */
  readonly part: string;
  /** First row. */
  readonly row: number;
  /** First column. */
  readonly column: number;
  /** Studs from top to bottom. */
  readonly rows: number;
  /** Studs from left to right. */
  readonly columns: number;
}

/** Studs that are covered together: cells of a picture, of one color and connected. */
export interface PlateRegion {
  /** The cells, in reading order. */
  readonly cells: readonly number[];
  /** Width of the picture. */
  readonly width: number;
}

/** A plate as it lies: turned or not. */
export type PlateShape = Pick<PlacedPlate, "part" | "rows" | "columns">;

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

/** All plates, each along rows and along columns, the largest first. */
export const PLATE_SHAPES: readonly PlateShape[] = PARTS.flatMap(([short, long, part]) => [
  { part, rows: short, columns: long },
  ...(short === long ? [] : [{ part, rows: long, columns: short }]),
]);

/** Lists the cells under a plate, whether they are in the picture or not. */
export function cellsUnder(
  { row, column, rows, columns }: Omit<PlacedPlate, "part">,
  width: number,
): number[] {
  return Array.from(
    { length: rows * columns },
    (_, i) => (row + Math.floor(i / columns)) * width + column + i % columns,
  );
}
