import assert from "node:assert/strict";
import { beadParts, connectedCells, singleBridges } from "../../../lib/craft/bead_parts.ts";
import { type CraftName, CRAFTS } from "../../../lib/craft/craft.ts";
import { makeEasier } from "../../../lib/craft/make_easier.ts";
import { measureMaking, nameLooseParts } from "../../../lib/craft/makeable.ts";
import type { IndexedPicture } from "../../../lib/finish/indexed_picture.ts";
import { Palette } from "../../../lib/palette/palette.ts";

/** Red, a red that looks nearly the same, white. */
const COLORS = new Palette("lego", Uint8Array.of(180, 0, 0, 172, 10, 8, 255, 255, 255), [], [
  { code: "4", name: "Red" },
  { code: "5", name: "Other red" },
  { code: "15", name: "White" },
]);

/** A picture of letters: "." is empty, "r", "s" and "w" are the colors. */
function drawn(...rows: readonly string[]): IndexedPicture {
  const indices = Uint32Array.from(rows.join(""), (letter) => "rsw.".indexOf(letter));
  return { height: rows.length, width: rows[0]!.length, palette: COLORS, indices };
}

function rowsOf({ indices, width }: IndexedPicture): string[] {
  const letters = Array.from(indices, (index) => "rsw."[index]).join("");
  return letters.match(new RegExp(`.{${width}}`, "g"))!;
}

const craftOf = (name: CraftName) => CRAFTS.find((craft) => craft.name === name)!;
const measures = (name: CraftName, picture: IndexedPicture) =>
  Object.fromEntries(
    measureMaking(craftOf(name), picture).map((measure) => [measure.name, measure.value]),
  );

Deno.test("singleBridges() are the beads without which two pieces of two beads are left", () => {
  let state = 7;
  const random = () => (state = state * 48271 % 2147483647) / 2147483647;
  for (let round = 0; round < 60; round++) {
    const indices = Uint32Array.from({ length: 56 }, () => random() < 0.62 ? 0 : 3);
    const picture = { height: 7, width: 8, palette: COLORS, indices };
    const expected = [...indices.keys()].filter((bead) => {
      const part = beadParts(picture).find((one) => one.has(bead));
      if (part === undefined) return false;
      const rest = connectedCells(picture, part, (cell) => cell !== bead && part.has(cell));
      return rest.filter(({ size }) => size >= 2).length >= 2;
    });
    assert.deepEqual(singleBridges(picture), expected);
  }
});

Deno.test("beads are added where a picture would fall apart, and far parts are named", () => {
  const picture = drawn(
    "rrr.......",
    "rrr.....ww",
    "rrr.......",
    "...sss....",
    "...sss....",
    "...sss....",
    "......r...",
    ".....rr...",
    "....rrr...",
    "....rrr...",
  );
  assert.deepEqual(measures("beads", picture), { "loose parts": 3, "single bridges": 0 });
  const mended = makeEasier("beads", picture);
  assert.deepEqual(measures("beads", mended), { "loose parts": 1, "single bridges": 0 });
  assert.deepEqual(nameLooseParts(mended), ["2 beads at column 9, row 2"]);
  const added = mended.indices.filter((index, i) => index !== picture.indices[i]).length;
  assert(added <= 8, `${added} beads added`);
  for (const [i, index] of picture.indices.entries()) {
    if (index !== COLORS.size) assert.equal(mended.indices[i], index, "no bead is changed");
  }
});

Deno.test("beads are added only as far as there are some left", () => {
  const picture = drawn("rr..", "rr..", "..ss", "..ss");
  const none = makeEasier("beads", picture, [0, 0, 0]);
  assert.deepEqual(rowsOf(none), rowsOf(picture));
  const left = [9, 9, 9];
  const mended = makeEasier("beads", picture, left);
  assert.equal(measures("beads", mended)["loose parts"], 0);
  const added = mended.indices.filter((index, i) => index !== picture.indices[i]).length;
  assert.equal(left.reduce((sum, count) => sum + count, 0), 27 - added);
});

Deno.test("stitches that stand alone take a similar neighbor's color; contrasts stay", () => {
  const picture = drawn("rrrrrr", "rrsrwr", "rrrrrr", ".rsrrr");
  const smooth = makeEasier("cross-stitch", picture);
  assert.deepEqual(rowsOf(smooth), ["rrrrrr", "rrrrwr", "rrrrrr", ".rrrrr"]);
  assert.deepEqual(measures("cross-stitch", picture), {
    "single stitches": 3,
    "color changes a row": 1.8,
  });
  assert.deepEqual(measures("cross-stitch", smooth), {
    "single stitches": 1,
    "color changes a row": 0.8,
  });
  const scarce = makeEasier("cross-stitch", picture, [1, 0, 0]);
  assert.equal(measures("cross-stitch", scarce)["single stitches"], 2, "one red was left");
});

Deno.test("fewer regions are fewer plates, jumps and thread changes", () => {
  const picture = drawn("rrsrrrrr", "rrrrrsrr", "rrrrrrrr", "rsrrrrsr");
  const smooth = makeEasier("bricks", picture);
  assert.deepEqual(measures("bricks", smooth), { plates: 2 });
  assert(measures("bricks", picture)["plates"]! >= 9);
  const sewn = [picture, smooth].map((one) => measures("embroidery", one));
  assert.deepEqual(sewn[1], {
    "regions of one cell": 0,
    jumps: 0,
    trims: 1,
    "thread changes": 0,
  });
  assert(sewn[0]!["jumps"]! >= 3 && sewn[0]!["thread changes"] === 1);
});

Deno.test("plates begin where they are fewest", () => {
  // From the upper left corner alone these were 3: one of 2 x 2, and two of 1 x 1.
  assert.deepEqual(measures("bricks", drawn(".rr.", "rrrr")), { plates: 2 });
});
