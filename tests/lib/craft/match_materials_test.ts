import assert from "node:assert/strict";
import { matchMaterials } from "../../../lib/craft/match_materials.ts";
import { findPalette } from "../../../lib/palette/formats/find_palette.ts";
import { Palette } from "../../../lib/palette/palette.ts";
import { diagonals, THREE } from "./patterns.ts";

Deno.test("matchMaterials() keeps the colors of materials and empty cells", () => {
  const picture = diagonals(4, 5);
  const { picture: matched, notes } = matchMaterials(picture, THREE);
  assert.deepEqual(matched.indices, picture.indices);
  assert.deepEqual(notes, ['All 3 colors are in "three"']);
});

Deno.test("matchMaterials() takes the nearest material and tells what changed", async () => {
  const hama = await findPalette("hama");
  const { picture, notes } = matchMaterials(diagonals(4, 5), hama);
  assert.equal(picture.palette, hama);
  assert.equal(picture.indices[0], hama.size, "the empty cell");
  assert.match(
    notes[0]!,
    /^3 of 3 colors became other materials of "hama" .*#ff0000 became H\d+ .+ \(\d+\.\d\)/,
  );
  const alike = new Palette("alike", Uint8Array.of(255, 0, 0, 254, 0, 0, 250, 0, 5));
  const one = matchMaterials(diagonals(3, 3, alike), THREE);
  assert.deepEqual([...new Set(one.picture.indices)].sort(), [0, 3]);
  assert.match(one.notes[1]!, /3 colors became 1 material$/);
});

Deno.test("matchMaterials() takes transparent materials only for their own color", () => {
  const materials = new Palette("m", Uint8Array.of(0, 200, 0, 0, 120, 0), [], [
    { code: "1", name: "Transparent Green" },
    { code: "2", name: "Dark Green" },
  ]);
  const near = new Palette("near", Uint8Array.of(0, 199, 0));
  const same = new Palette("same", Uint8Array.of(0, 200, 0));
  assert.equal(matchMaterials(diagonals(2, 2, near), materials).picture.indices[1], 1);
  assert.equal(matchMaterials(diagonals(2, 2, same), materials).picture.indices[1], 0);
});
