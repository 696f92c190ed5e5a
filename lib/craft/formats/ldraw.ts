import type { CraftFormat } from "../craft_format.ts";
import type { Plate } from "../plates.ts";

/** LDraw's units of a stud. */
const STUD = 20;

/**
 * LDraw: the picture as plates that lie in one layer, seen from above.
 *
 * Source: https://www.ldraw.org/article/218.html.
 */
export const LDRAW: CraftFormat = {
  ending: ".ldr",
  crafts: ["bricks"],
  encode: (pattern) => {
    const { picture, title, plates } = pattern;
    const name = title.replaceAll(/\s+/g, " ");
    const lines = plates!.plates.map((plate) => {
      const { code } = picture.palette.materialAt(plate.index);
      return partLine(plate, code, picture.height);
    });
    return [`0 ${name}`, `0 Name: ${name}.ldr`, "0 Author: Smalti", ...lines, ""].join("\r\n");
  },
};

/** A part has its origin in the middle of its top; its long dimension is x, and y points down. */
function partLine(
  { part, row, column, rows, columns }: Plate,
  code: string,
  height: number,
): string {
  const x = (column + columns / 2) * STUD;
  // Seen from above, z points to the upper end of the picture.
  const z = (height - row - rows / 2) * STUD;
  const turned = rows > columns ? "0 0 1 0 1 0 -1 0 0" : "1 0 0 0 1 0 0 0 1";
  return `1 ${code} ${x} 0 ${z} ${turned} ${part}.dat`;
}
