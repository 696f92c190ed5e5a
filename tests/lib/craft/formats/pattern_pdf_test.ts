import assert from "node:assert/strict";
import { inflateSync } from "node:zlib";
import { encodePattern } from "../../../../lib/craft/formats/craft_formats.ts";
import { PATTERN_PDF } from "../../../../lib/craft/formats/pattern_pdf.ts";
import type { PaperName } from "../../../../lib/craft/pdf_canvas.ts";
import { createPattern } from "../../../../lib/craft/create_pattern.ts";
import { builtInPalettes } from "../../../../lib/palette/formats/built_in_palettes.ts";
import { CRAFTS, withBoard } from "../../../../lib/craft/craft.ts";
import { pageTiles } from "../../../../lib/craft/page_tiles.ts";
import { Palette } from "../../../../lib/palette/palette.ts";
import { diagonals, patternOf } from "../patterns.ts";

const POINTS = 72 / 25.4;

/** The text of all compressed streams of a PDF: pages, and objects. */
function streamsOf(bytes: Uint8Array): string[] {
  const text = new TextDecoder("latin1").decode(bytes);
  return [...text.matchAll(/stream\r?\n/g)].filter(({ index }) =>
    text.slice(index - 3, index) !== "end"
  ).map(({ index, 0: start }) => {
    const from = index + start.length;
    const end = text.indexOf("endstream", from);
    return new TextDecoder("latin1").decode(inflateSync(bytes.subarray(from, end)));
  });
}

async function pagesOf(...[name, height, width]: Parameters<typeof patternOf>): Promise<string[]> {
  const pattern = patternOf(name, height, width);
  const bytes = await PATTERN_PDF.encode(pattern, { paper: "a4" }) as Uint8Array;
  return streamsOf(bytes).filter((text) => / re\b| m\b/.test(text));
}

/** Positions of the vertical lines of a page that are longer than a cell, in millimeters. */
function verticalLines(page: string): number[] {
  const number = "(-?[\\d.]+)";
  const line = new RegExp(`${number} ${number} m\\s+${number} ${number} l\\b`, "g");
  const found = [...page.matchAll(line)].map((match) => match.slice(1).map(Number))
    .filter(([x1, y1, x2, y2]) => x1 === x2 && Math.abs(y1! - y2!) > 30 * POINTS)
    .map(([x]) => Math.round(x! / POINTS * 1000) / 1000);
  return [...new Set(found)].sort((a, b) => a - b);
}

Deno.test("pegs of a bead chart are 5.00 mm apart, and a page is a board of 29", async () => {
  const pages = await pagesOf("beads", 40, 31);
  // An overview, a legend, and 2 x 2 boards.
  assert.equal(pages.length, 6);
  const lines = verticalLines(pages[2]!);
  assert.equal(lines.length, 32, "29 columns, and 2 of the next board");
  for (const [i, x] of lines.slice(1).entries()) {
    assert(Math.abs(x - lines[i]! - 5) < 0.002, `${lines[i]} to ${x} mm`);
  }
  assert.equal(verticalLines(pages[3]!).length, 5, "2 columns, and 2 of the board before");
});

Deno.test("cells of a cross-stitch chart are 3.00 mm", async () => {
  const pages = await pagesOf("cross-stitch", 30, 60);
  assert.equal(pages.length, 4);
  const lines = verticalLines(pages[2]!);
  assert.equal(lines.length, 54, "50 columns, and 3 of the next page");
  assert(Math.abs(lines.at(-1)! - lines[0]! - 53 * 3) < 0.002);
});

Deno.test("the sheet is A4 or Letter, and the same pattern gives the same bytes", async () => {
  const boxes: [PaperName, string][] = [["a4", "595.27"], ["letter", "612 792"]];
  for (const [paper, expected] of boxes) {
    const files = await encodePattern(patternOf("beads", 8, 8), { paper });
    const again = await encodePattern(patternOf("beads", 8, 8), { paper });
    assert.deepEqual(files, again);
    assert.deepEqual(files.map(({ ending }) => ending), [".pdf", "_chart.png", "_materials.csv"]);
    const objects = streamsOf(files[0]!.content as Uint8Array).join("\n");
    assert.match(objects, new RegExp(`MediaBox \\[ 0 0 ${expected}`), paper);
  }
});

Deno.test("a page has as many cells of one color as fit on it", async () => {
  // 76 x 56 cells with symbols of 26 operators each: more than a call takes as arguments.
  const { craft } = patternOf("cross-stitch", 1, 2);
  const one = new Palette("one", Uint8Array.of(255, 0, 0));
  const pattern = createPattern(craft, diagonals(256, 150, one), { title: "one" });
  const bytes = await PATTERN_PDF.encode(pattern, { paper: "a4" }) as Uint8Array;
  assert.equal(streamsOf(bytes).filter((text) => / re\b/.test(text)).length, 2 + 4 * 3);
});

Deno.test("the letters are embedded", async () => {
  const bytes = await PATTERN_PDF.encode(patternOf("beads", 4, 4), { paper: "a4" }) as Uint8Array;
  const objects = streamsOf(bytes).join("\n");
  const fonts = objects.match(/\/BaseFont \/OpenSans-\w+/g)!;
  assert(fonts.length >= 2, "plain and bold");
  assert.equal(objects.match(/\/FontFile[23]? \d+/g)!.length, 2);
  assert.doesNotMatch(objects, /Helvetica/);
});

Deno.test("a page is a board, or an equal part of one", async () => {
  const craft = CRAFTS.find(({ name }) => name === "bricks")!;
  const pages = (length: number) => {
    const tiles = pageTiles({ height: 50, width: 20 }, withBoard(craft, length));
    return tiles.map(({ rows }) => rows.to - rows.from);
  };
  assert.deepEqual(pages(48), [16, 16, 16, 16, 16, 16, 2, 2]);
  const beads = withBoard(patternOf("beads", 1, 2).craft, 14);
  assert.equal(pageTiles({ height: 29, width: 29 }, beads).length, 9);
  assert.throws(() => withBoard(craft, 20), /baseplate of 16, 32 or 48 studs a side, got 20/);
  assert.throws(() => withBoard(patternOf("embroidery", 1, 2).craft, 16), /it has none/);
  const lego = builtInPalettes().find(({ name }) => name === "lego")!.load();
  const pattern = createPattern(withBoard(craft, 48), diagonals(1, 50, lego), { title: "wide" });
  await PATTERN_PDF.encode(pattern, { paper: "letter" });
});

Deno.test("empty cells are not drawn", async () => {
  const [overview] = await pagesOf("beads", 2, 2);
  // Four cells, of which one is empty; a single page needs no number.
  assert.equal([...overview!.matchAll(/ re\b/g)].length, 3);
});
