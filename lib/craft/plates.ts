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
 * Covers the studs of each color with plates, row by row: each time the largest that fits with its
 * upper left corner on the first free stud. That gives few parts, but perhaps not the fewest.
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
  const { height, width, indices, palette } = picture;
  const isFree = Array.from(indices, (index) => index !== palette.size);
  const plates: Plate[] = [];
  for (let i = 0; i < indices.length; i++) {
    if (!isFree[i]) continue;
    const [row, column] = [Math.floor(i / width), i % width];
    const fits = (rows: number, columns: number) => {
      if (row + rows > height || column + columns > width) return false;
      for (let y = 0; y < rows; y++) {
        for (let x = 0; x < columns; x++) {
          const at = i + y * width + x;
          if (!isFree[at] || indices[at] !== indices[i]) return false;
        }
      }
      return true;
    };
    const found = PARTS.flatMap(([short, long, part]) => [
      { part, rows: short, columns: long },
      { part, rows: long, columns: short },
    ]).find(({ rows, columns }) => fits(rows, columns))!;
    for (let y = 0; y < found.rows; y++) {
      isFree.fill(false, i + y * width, i + y * width + found.columns);
    }
    plates.push({ ...found, index: indices[i]!, row, column });
  }
  return plates;
}
