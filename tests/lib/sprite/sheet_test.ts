import assert from "node:assert/strict";
import { Palette } from "../../../lib/palette/palette.ts";
import { sharePalette } from "../../../lib/sprite/shared_palette.ts";
import { packSheet, sheetJson } from "../../../lib/sprite/sheet.ts";

const RED_BLUE = new Palette("a", Uint8Array.of(255, 0, 0, 0, 0, 255));
const BLUE_GREEN = new Palette("b", Uint8Array.of(0, 0, 255, 0, 255, 0));
const SMALL = { height: 1, width: 2, palette: RED_BLUE, indices: Uint32Array.of(0, 1) };
const LARGE = { height: 2, width: 2, palette: BLUE_GREEN, indices: Uint32Array.of(0, 1, 2, 0) };

Deno.test("sharePalette() appends the colors of later palettes, and keeps transparency", () => {
  const [small, large] = sharePalette([SMALL, LARGE]);
  assert.equal(small!.palette.toHexText(), "ff0000\n0000ff\n00ff00\n");
  assert.equal(small!.palette, large!.palette);
  assert.deepEqual([...small!.indices], [0, 1]);
  assert.deepEqual([...large!.indices], [1, 2, 3, 1]);
  assert.equal(sharePalette([SMALL, SMALL])[1]!.palette, RED_BLUE);
});

Deno.test("packSheet() puts pictures in cells of the largest, with transparent padding", () => {
  const pictures = [SMALL, LARGE, SMALL].map((picture, i) => ({ name: `p${i}`, picture }));
  const sheet = packSheet(pictures, { columns: 2, padding: 1 });
  const { height, width, palette, indices } = sheet.picture;
  assert.deepEqual([height, width, palette.size], [5, 5, 3]);
  const rows = Array.from(
    { length: height },
    (_, y) =>
      [...indices.subarray(y * width, y * width + width)].map((k) => k === 3 ? "." : k).join(""),
  );
  assert.deepEqual(rows, ["01.12", "....1", ".....", "01...", "....."]);
  assert.deepEqual(sheet.frames.map(({ x, y }) => [x, y]), [[0, 0], [3, 0], [0, 3]]);
  const json = JSON.parse(sheetJson(sheet, { image: "s.png", factor: 2 }));
  assert.deepEqual(json.frames.p1.frame, { x: 6, y: 0, w: 4, h: 4 });
  assert.deepEqual(json.meta.size, { w: 10, h: 10 });
  assert.equal(json.meta.image, "s.png");
  assert.deepEqual(packSheet(pictures).picture.width, 4, "two columns for three pictures");
  assert.throws(() => packSheet([]), /expected a picture/);
});
