import assert from "node:assert/strict";
import { Image } from "../../../../lib/image/image.ts";
import { builtInPalettes } from "../../../../lib/palette/formats/built_in_palettes.ts";
import { nearestColors } from "../../../../lib/palette/nearest_color.ts";
import { changeHistory } from "../../../../lib/studio/page/paint_history.ts";
import {
  createPainting,
  drawLine,
  fill,
  lockedPicture,
  maskPicture,
  recolor,
  swapPalette,
} from "../../../../lib/studio/page/painting.ts";

const COLORS = ["#000000", "#ffffff"];
/** The index 2 is transparent. */
const PAINTING = createPainting({
  height: 3,
  width: 4,
  colors: COLORS,
  indices: Uint8Array.of(0, 0, 1, 0, 0, 1, 1, 0, 2, 2, 1, 0),
});

Deno.test("a line has both ends, no gaps, and nothing beyond the border", () => {
  const line = { layer: "mask", from: { row: 0, column: 0 }, value: 1 } as const;
  const { mask, indices } = drawLine(PAINTING, { ...line, to: { row: 2, column: 3 } });
  assert.deepEqual([...mask], [1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1]);
  assert.equal(indices, PAINTING.indices);
  const beyond = drawLine(PAINTING, { ...line, to: { row: 0, column: 9 } });
  assert.deepEqual([...beyond.mask], [1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
});

Deno.test("filling stays within the color, also in the mask", () => {
  const at = { row: 0, column: 2 };
  const filled = fill(PAINTING, { layer: "indices", at, value: 0 });
  assert.deepEqual([...filled.indices], [0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 0, 0]);
  const masked = fill(PAINTING, { layer: "mask", at, value: 1 });
  assert.deepEqual([...masked.mask], [0, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 0]);
  assert.equal(PAINTING.indices[2], 1);
});

Deno.test("palettes are swapped by the nearest color or by place; transparent pixels stay", () => {
  const colors = ["#eeeeee", "#ff0000", "#111111"];
  const nearest = swapPalette(PAINTING, colors, "nearest");
  assert.deepEqual([...nearest.indices], [2, 2, 0, 2, 2, 0, 0, 2, 3, 3, 0, 2]);
  const order = swapPalette(PAINTING, colors, "order");
  assert.deepEqual([...order.indices], [0, 0, 1, 0, 0, 1, 1, 0, 3, 3, 1, 0]);
  assert.deepEqual(recolor(PAINTING, 1, "#123456").colors, ["#000000", "#123456"]);
});

Deno.test("the nearest colors are those of the library", () => {
  const red = [0x00, 0x33, 0x88, 0xff];
  const colors = red.flatMap((r) => red.flatMap((g) => [[r, g, 0], [r, g, 255]]));
  const hex = colors.map((color) => `#${Uint8Array.from(color).toHex()}`);
  const { height, width } = { height: 4, width: colors.length / 4 };
  const indices = Uint8Array.from(colors, (_, i) => i);
  const palette = builtInPalettes().find(({ name }) => name === "pico-8")!.load();
  const pico = Array.from({ length: palette.size }, (_, k) => `#${palette.hexAt(k)}`);
  const swapped = swapPalette(
    createPainting({ height, width, colors: hex, indices }),
    pico,
    "nearest",
  );
  const data = Uint8Array.from(colors.flatMap((color) => [...color, 255]));
  const nearest = nearestColors(new Image({ height, width }, data), palette, "oklab");
  assert.deepEqual([...swapped.indices], [...nearest]);
});

Deno.test("a mask is white where it is painted; only locked pixels are opaque", () => {
  const mask = Uint8Array.of(1, ...new Uint8Array(11));
  const { colors, indices } = maskPicture({ ...PAINTING, mask });
  assert.equal(colors[indices[0]!], "#ffffff");
  assert.equal(colors[indices[1]!], "#000000");
  const locked = lockedPicture({ ...PAINTING, locked: mask });
  assert.deepEqual([...locked.indices.subarray(0, 3)], [0, 2, 2]);
});

Deno.test("a stroke is undone at once, and redone until something else is painted", () => {
  const paint = (value: number) => (painting: typeof PAINTING) =>
    fill(painting, { layer: "indices", at: { row: 0, column: 0 }, value });
  const start = { now: PAINTING, before: [], after: [] };
  const one = changeHistory(start, { type: "change", change: paint(1) });
  const two = changeHistory(one, { type: "change", change: paint(0), continues: true });
  const undone = changeHistory(two, { type: "undo" });
  assert.equal(undone.now, PAINTING);
  assert.equal(changeHistory(undone, { type: "redo" }).now, two.now);
  assert.deepEqual(changeHistory(undone, { type: "change", change: paint(1) }).after, []);
  assert.equal(changeHistory(undone, { type: "undo" }), undone);
});
