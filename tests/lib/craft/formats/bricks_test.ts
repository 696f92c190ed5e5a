import assert from "node:assert/strict";
import { CRAFTS } from "../../../../lib/craft/craft.ts";
import type { Pattern } from "../../../../lib/craft/pattern.ts";
import { createPattern } from "../../../../lib/craft/create_pattern.ts";
import { BRICKLINK } from "../../../../lib/craft/formats/bricklink.ts";
import { REBRICKABLE } from "../../../../lib/craft/formats/rebrickable.ts";
import { LDRAW } from "../../../../lib/craft/formats/ldraw.ts";
import { rebrickableColor } from "../../../../lib/craft/rebrickable_colors.ts";
import { builtInPalettes } from "../../../../lib/palette/formats/built_in_palettes.ts";
import { Palette } from "../../../../lib/palette/palette.ts";
import { diagonals } from "../patterns.ts";
import { parseXml } from "../xml_parser.ts";

const OPTIONS = { paper: "a4" } as const;
const BRICKS = CRAFTS.find(({ name }) => name === "bricks")!;
const COLORS = new Palette("bricks", Uint8Array.of(180, 0, 0, 244, 244, 244), [], [
  { code: "4", name: "Red" },
  { code: "10015", name: "Lemon <new>" },
]);

/** Studs of each part of LDraw: rows and columns, as they lie along z and x. */
const STUDS: Readonly<Record<string, readonly [rows: number, columns: number]>> = {
  3034: [2, 8],
  3795: [2, 6],
  3020: [2, 4],
  3021: [2, 3],
  3022: [2, 2],
  3460: [1, 8],
  3666: [1, 6],
  3710: [1, 4],
  3623: [1, 3],
  3023: [1, 2],
  3024: [1, 1],
};

/** A red field with a white frame, whose first stud is empty. */
function framed(height: number, width: number): Pattern {
  const picture = diagonals(height, width, COLORS);
  const indices = picture.indices.map((_, i) => {
    const [row, column] = [Math.floor(i / width), i % width];
    if (i === 0) return COLORS.size;
    return row === 0 || column === 0 || row === height - 1 || column === width - 1 ? 1 : 0;
  });
  return createPattern(BRICKS, { ...picture, indices }, { title: "two\nlines" });
}

Deno.test("plates cover each stud once, in few parts", () => {
  const pattern = framed(12, 20);
  const { picture } = pattern;
  const covered = new Uint32Array(picture.indices.length).fill(COLORS.size);
  const { plates } = pattern.plates!;
  for (const { part, index, row, column, rows, columns } of plates) {
    assert.deepEqual([rows, columns].sort(), [...STUDS[part]!].sort());
    for (let y = row; y < row + rows; y++) {
      for (let x = column; x < column + columns; x++) {
        assert.equal(covered[y * picture.width + x], COLORS.size, "a stud is covered once");
        covered[y * picture.width + x] = index;
      }
    }
  }
  assert.deepEqual(covered, picture.indices);
  assert(plates.length <= 30, `${plates.length} plates for 239 studs`);
});

Deno.test("another reading of the LDraw file gives the picture, seen from above", () => {
  const pattern = framed(9, 11);
  const { height, width, indices } = pattern.picture;
  const text = LDRAW.encode(pattern, OPTIONS) as string;
  assert(text.startsWith("0 two lines\r\n"), "a title has no line ends");
  const read = new Uint32Array(indices.length).fill(COLORS.size);
  for (const line of text.split("\r\n").filter((line) => line.startsWith("1 "))) {
    const [, code, ...rest] = line.split(" ");
    const [x, y, z, a, , c, , , , g, , i] = rest.map(Number);
    assert.equal(y, 0);
    const [deep, long] = STUDS[rest.at(-1)!.replace(".dat", "")]!;
    // A stud of the part at (u, v) comes to (a u + c v, g u + i v).
    for (let u = 0.5 - long / 2; u < long / 2; u++) {
      for (let v = 0.5 - deep / 2; v < deep / 2; v++) {
        const column = Math.floor((x! + 20 * (a! * u + c! * v)) / 20);
        const row = height - 1 - Math.floor((z! + 20 * (g! * u + i! * v)) / 20);
        read[row * width + column] = COLORS.materials!.findIndex((one) => one.code === code);
      }
    }
  }
  assert.deepEqual(read, indices);
});

Deno.test("another program reads the wanted list of BrickLink", () => {
  const pattern = framed(9, 11);
  const { INVENTORY } = parseXml(BRICKLINK.encode(pattern, OPTIONS) as string);
  const items = INVENTORY.ITEM as Record<string, string | number>[];
  const studs = items.map(({ ITEMID, MINQTY }) => {
    const [rows, columns] = STUDS[ITEMID!]!;
    return Number(MINQTY) * rows * columns;
  });
  assert.equal(studs.reduce((sum, count) => sum + count, 0), 98);
  assert.deepEqual(new Set(items.map(({ COLOR }) => COLOR)), new Set([5, undefined]));
  assert(items.some(({ REMARKS }) => String(REMARKS).startsWith("Lemon")));
});

Deno.test("the parts list of Rebrickable has the plates of the LDraw file", () => {
  const pattern = framed(9, 11);
  const [header, ...rows] = (REBRICKABLE.encode(pattern, OPTIONS) as string).trim().split(/\r?\n/);
  assert.equal(header, "Part,Color,Quantity");
  const ldraw = (LDRAW.encode(pattern, OPTIONS) as string).split("\r\n")
    .filter((line) => line.startsWith("1 ")).map((line) => line.split(" "))
    .map((fields) => `${fields.at(-1)!.replace(".dat", "")},${fields[1]}`);
  for (const row of rows) {
    const [part, color, quantity] = row.split(",");
    // Lemon has another number there.
    const code = color === "1076" ? "10015" : color;
    const found = ldraw.filter((key) => key === `${part},${code}`).length;
    assert.equal(Number(quantity), found, row);
  }
  assert.equal(rows.length, new Set(ldraw).size);
});

Deno.test("Rebrickable's numbers of colors are LDraw's but where its list differs", () => {
  // Yellowish Green, Olive Green, Coral; the last is not in its list.
  assert.deepEqual([326, 330, 353, 10022].map(rebrickableColor), [158, 326, 1050, 9999]);
  assert.deepEqual([0, 4, 71, 484, 503].map(rebrickableColor), [0, 4, 71, 484, 503]);
  const codes = builtInPalettes().find(({ name }) => name === "lego")!.load().materials!
    .map(({ code }) => rebrickableColor(Number(code)));
  const known = codes.filter((code) => code !== 9999);
  assert.equal(new Set(known).size, known.length, "no two colors have one number");
  assert.equal(known.length, codes.length - 6);
});

Deno.test("bricks need codes of LDraw", () => {
  const picture = diagonals(2, 2);
  assert.throws(
    () => createPattern(BRICKS, picture, { title: "x" }),
    /expected codes of LDraw, as "lego" has them, got "G2"/,
  );
});
