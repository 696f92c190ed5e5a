import assert from "node:assert/strict";
import { duplicateColors, Palette, paletteWarnings } from "../../../lib/palette/palette.ts";

Deno.test("Palette gives bytes, floats and texts of its colors", () => {
  const palette = new Palette("three", Uint8Array.of(0, 51, 255, 10, 0, 0, 0, 51, 255));
  assert.equal(palette.size, 3);
  assert.deepEqual(palette.toFloats().slice(0, 3), Float32Array.of(0, 0.2, 1));
  assert.equal(palette.hexAt(1), "0a0000");
  assert.throws(() => palette.at(3), /Cannot find color 3: palette "three" has 3 colors/);
  assert.throws(() => new Palette("none", new Uint8Array()), /three bytes per color, got 0 bytes/);
  assert.deepEqual(duplicateColors(palette), [{ first: 0, second: 2 }]);
  assert.deepEqual(paletteWarnings(palette), [
    'Palette "three" holds #0033ff twice, as colors 1 and 3',
  ]);
  const single = new Palette("one", Uint8Array.of(1, 2, 3));
  assert.deepEqual(paletteWarnings(single).length, 1);
  const many = new Palette("many", new Uint8Array(300));
  assert.equal(paletteWarnings(many).length, 6);
  assert.match(paletteWarnings(many)[5]!, /holds 94 more colors twice/);
});
