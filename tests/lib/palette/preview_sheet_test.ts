import assert from "node:assert/strict";
import type { Image } from "../../../lib/image/image.ts";
import { latticePalette } from "../../../lib/palette/lattice.ts";
import { parseHex } from "../../../lib/palette/formats/hex.ts";
import { paletteSheet } from "../../../lib/palette/preview_sheet.ts";
import { swatchLines } from "../../../lib/palette/swatches.ts";

const palette = parseHex("ff0010\n00ff20\n0000ff", "three");

/** Counts the pixels of a color. */
function count(image: Image, color: readonly number[]): number {
  let found = 0;
  for (let i = 0; i < image.data.length; i += 4) {
    if (color.every((value, c) => image.data[i + c] === value)) found++;
  }
  return found;
}

Deno.test("paletteSheet() shows every color of every palette, as large as the others", () => {
  const image = paletteSheet([{ palette, note: "by me" }, { palette: latticePalette(5) }]);
  for (let i = 0; i < 3; i++) {
    assert(count(image, palette.at(i)) >= 38 * 26, `color ${i}`);
  }
  const lattice = latticePalette(5);
  for (let i = 0; i < lattice.size; i++) {
    assert(count(image, lattice.at(i)) >= 16 * 12, lattice.hexAt(i));
  }
});

Deno.test("paletteSheet() shows colors in an order, and warnings", () => {
  const image = paletteSheet([{ palette, order: [2, 0, 1] }]);
  const middle = [...Array(image.width).keys()].map((x) => (image.height - 40) * image.width + x);
  const hexes = middle.map((i) => image.data.subarray(i * 4, i * 4 + 3).toHex());
  const shown = hexes.filter((hex, i) =>
    hex !== hexes[i - 1] && /^(0000ff|ff0010|00ff20)$/.test(hex)
  );
  assert.deepEqual(shown, ["0000ff", "ff0010", "00ff20"]);
  const warned = paletteSheet([{ palette, warnings: ["a", "b"] }]);
  assert(warned.height > image.height && count(warned, [255, 193, 77]) > 0);
});

Deno.test("paletteSheet() draws a thousand colors, a long name, and nothing at all", () => {
  const many = latticePalette(10);
  const image = paletteSheet([{ palette: many }]);
  assert(count(image, many.at(777)) >= 100);
  const wide = paletteSheet([{ palette: parseHex("123456", "long name ".repeat(50)) }]);
  assert.equal(wide.width, 740);
  assert(paletteSheet([]).height > 0);
});

Deno.test("swatchLines() fits the terminal and what it can show", () => {
  assert.deepEqual(swatchLines(palette, { depth: "truecolor" }), [
    "three  3 colors",
    "  \x1b[48;2;255;0;16m  \x1b[48;2;0;255;32m  \x1b[48;2;0;0;255m  \x1b[0m",
  ]);
  assert.deepEqual(swatchLines(palette, { depth: "256", columns: 6 }), [
    "three  3 colors",
    "  \x1b[48;5;196m  \x1b[48;5;46m  \x1b[0m",
    "  \x1b[48;5;21m  \x1b[0m",
  ]);
  assert.deepEqual(swatchLines(palette, { depth: "none", columns: 20 }), [
    "three  3 colors",
    "  ff0010 00ff20",
    "  0000ff",
  ]);
  assert.deepEqual(swatchLines(palette, { depth: "none", order: [1, 2, 0] }), [
    "three  3 colors",
    "  00ff20 0000ff ff0010",
  ]);
});
