import assert from "node:assert/strict";
import { packSheet } from "../../../lib/sprite/sheet.ts";
import { tilesetJson } from "../../../lib/sprite/tileset.ts";
import { Palette } from "../../../lib/palette/palette.ts";

const palette = new Palette("own", Uint8Array.of(0, 0, 0));
const tile = (name: string, height = 2) => ({
  name,
  picture: { height, width: 3, palette, indices: new Uint32Array(height * 3) },
});

Deno.test("tilesetJson() tells where Tiled finds each tile", () => {
  const sheet = packSheet(["grass", "sand", "rock"].map((name) => tile(name)), {
    columns: 2,
    padding: 1,
  });
  const options = { name: "land", image: "land.png", factor: 4, padding: 1 };
  const found = JSON.parse(tilesetJson(sheet, options));
  assert.deepEqual([found.columns, found.tilecount, found.spacing, found.margin], [2, 3, 4, 0]);
  assert.deepEqual([found.tilewidth, found.tileheight], [12, 8]);
  // As Tiled computes the place of a tile from its number.
  for (const [id, frame] of sheet.frames.entries()) {
    const [column, row] = [id % found.columns, Math.floor(id / found.columns)];
    assert.equal(frame.x * 4, column * (found.tilewidth + found.spacing));
    assert.equal(frame.y * 4, row * (found.tileheight + found.spacing));
    assert.equal(found.tiles[id].type, frame.name);
  }
  assert.deepEqual([found.imagewidth, found.imageheight], [28, 20]);
});

Deno.test("tilesetJson() refuses tiles of several sizes", () => {
  const sheet = packSheet([tile("grass"), tile("tree", 4)]);
  assert.throws(() => tilesetJson(sheet, { name: "land", image: "land.png" }), {
    name: "SpriteError",
    message: /expected tiles of 2x3 pixels \(height x width\), got 4x3 of "tree"$/,
  });
});
