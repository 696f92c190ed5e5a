import assert from "node:assert/strict";
import { resolveRunConfig } from "../../../config/mod.ts";
import { Image, type Rgb } from "../../../lib/image/image.ts";
import { cutOut } from "../../../lib/initialization/cut_out.ts";
import { initialize } from "../../../lib/initialization/initialize.ts";
import { projectPicture } from "../../../lib/initialization/project_picture.ts";
import { Palette } from "../../../lib/palette/palette.ts";
import { keyColor, withTransparentClass } from "../../../lib/palette/transparent_class.ts";

const SIZE = { height: 8, width: 8 };
const MAGENTA: Rgb = [250, 4, 248];
const RED: Rgb = [200, 30, 30];

/** Draws each picture's pixel as 4 x 4: "#" is red, "+" is mixed, "m" is magenta, "." is behind. */
function draw(rows: readonly string[], behind: Rgb): Image {
  const colors: Readonly<Record<string, Rgb>> = {
    "#": RED,
    "+": [0, 1, 2].map((c) => Math.round((RED[c]! + behind[c]!) / 2)) as unknown as Rgb,
    "m": MAGENTA,
    ".": behind,
  };
  const image = Image.filled({ height: 32, width: 32 }, behind);
  for (let i = 0; i < 32 * 32; i++) {
    const [y, x] = [Math.floor(i / 32), i % 32];
    image.data.set(colors[rows[Math.floor(y / 4)]![Math.floor(x / 4)]!]!, i * 4);
  }
  return image;
}

const RING = [
  "........",
  ".######.",
  ".######.",
  ".##..##.",
  ".##..##.",
  ".######.",
  ".######.",
  "........",
];
const shown = (mask: Uint8Array) =>
  Array.from(
    { length: 8 },
    (_, y) => Array.from(mask.subarray(y * 8, y * 8 + 8), (v) => v ? "#" : ".").join(""),
  );

Deno.test("cutOut() finds the background and the hole of a ring before a vivid color", () => {
  assert.deepEqual(shown(cutOut(draw(RING, MAGENTA), SIZE)!.mask), RING);
});

Deno.test("cutOut() keeps enclosed areas before white: they may be the subject's", () => {
  const filled = RING.map((row, y) => y === 3 || y === 4 ? ".######." : row);
  assert.deepEqual(shown(cutOut(draw(RING, [255, 255, 255]), SIZE)!.mask), filled);
});

Deno.test("cutOut() takes one enclosed pixel for a part of the subject", () => {
  const speck = RING.map((row, y) => y === 3 ? ".##.###." : y === 4 ? ".######." : row);
  const filled = speck.map((row, y) => y === 3 ? ".######." : row);
  assert.deepEqual(shown(cutOut(draw(speck, MAGENTA), SIZE)!.mask), filled);
});

Deno.test("cutOut() finds no background where the border has several colors, or all is one", () => {
  const half = Array.from({ length: 8 }, (_, y) => y < 4 ? "####...." : "....####");
  const image = draw(half, [30, 200, 60]);
  // A third of the border gets a third color: no color has half of it.
  for (let i = 0; i < 32 * 12; i++) image.data.set([20, 20, 220], i * 4);
  assert.equal(cutOut(image, SIZE), undefined);
  assert.equal(cutOut(Image.filled({ height: 32, width: 32 }, MAGENTA), SIZE), undefined);
});

Deno.test("cutOut() gives mixed pixels at the edge the subject's own color", () => {
  const rows = ["........", ...Array(6).fill(".+####+."), "........"];
  const { mask, subject } = cutOut(draw(rows, MAGENTA), SIZE)!;
  assert.deepEqual(shown(mask), rows.map((row) => row.replaceAll("+", "#")));
  // The left column of the edge's pixel that touches the background.
  assert.deepEqual(
    [...subject.data.subarray((16 * 32 + 4) * 4, (16 * 32 + 4) * 4 + 3)],
    [
      225,
      17,
      139,
    ].map((_, c) => subject.data[(16 * 32 + 5) * 4 + c]!),
  );
});

const palette = new Palette("own", Uint8Array.of(200, 30, 30, 0, 0, 0, 255, 0, 255));
const K = palette.size;

Deno.test("the transparent class has a color that the palette lacks", () => {
  assert.deepEqual(keyColor(palette), [255, 1, 255]);
  assert.deepEqual([...withTransparentClass(palette).colors.subarray(0, 9)], [...palette.colors]);
});

Deno.test("initialize() and projectPicture() show the transparent class, and nothing else", () => {
  const { generator } = resolveRunConfig({
    generator: { imageH: 8, imageW: 8, transparent: true, orphanMargin: 0 },
  });
  for (const initializationMethod of ["palette-kmeans", "palette", "kmeans"] as const) {
    const first = initialize(draw(RING, MAGENTA), palette, {
      seed: 0,
      generator: { ...generator, initializationMethod },
    });
    const count = first.palette.size;
    const classes = Array.from({ length: 64 }, (_, i) => {
      const row = first.logits.subarray(i * count, (i + 1) * count);
      return row.indexOf(row.reduce((a, b) => Math.max(a, b)));
    });
    assert.deepEqual(shown(Uint8Array.from(classes, (k) => k < count - 1 ? 1 : 0)), RING);
  }
  const grid = { size: SIZE, palette, gradientMap: true, removesOrphans: true };
  const picture = projectPicture(draw(RING, MAGENTA), { ...grid, isTransparent: true });
  const isKey = (i: number) => picture.data[i * 4 + 1] === 1;
  assert.deepEqual(shown(Uint8Array.from({ length: 64 }, (_, i) => isKey(i) ? 0 : 1)), RING);
  const mask = Uint8Array.from({ length: 64 }, (_, i) => i < 32 ? 1 : 0);
  const masked = projectPicture(draw(RING, MAGENTA), { ...grid, isTransparent: true, mask });
  assert(mask.every((value, i) => (masked.data[i * 4 + 1] === 1) === (value === 0)));
  assert.equal(K, 3);
});
