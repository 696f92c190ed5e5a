import assert from "node:assert/strict";
import { Image, type Rgb } from "../../../../lib/image/image.ts";
import { Palette } from "../../../../lib/palette/palette.ts";
import { assertAllClose } from "../../../support/assert_all_close.ts";
import { backgroundKept } from "./background_kept.ts";
import { edgesKept } from "./edges_kept.ts";
import { inputDistance } from "./input_distance.ts";
import { classificationOf } from "./classification.ts";
import { colorsUsed, packedColors } from "./picture_colors.ts";

const COLORS: Readonly<Record<string, Rgb>> = {
  ".": [255, 255, 255],
  "#": [0, 0, 0],
  b: [60, 90, 200],
  r: [180, 60, 80],
};

const PALETTE = new Palette("four", Uint8Array.from(Object.values(COLORS).flat()));

/** Draws a picture of letters, one a pixel. */
function draw(...rows: readonly string[]): Image {
  const letters = Object.keys(COLORS);
  const indices = [...rows.join("")].map((letter) => letters.indexOf(letter));
  const size = { height: rows.length, width: rows[0]!.length };
  return Image.fromIndices(size, indices, PALETTE.colors);
}

Deno.test("backgroundKept() counts border pixels of the palette color nearest to the asked one", () => {
  const picture = draw(
    "bbbb.",
    "b###b",
    "b#b#r",
    "bbbbb",
  );
  assert.equal(backgroundKept(picture, PALETTE, [50, 80, 220]), 12 / 14);
  assert.equal(backgroundKept(picture, PALETTE, [200, 40, 45]), 1 / 14);
  // A ring of the color inside of the border does not count.
  assert.equal(backgroundKept(picture, PALETTE, [10, 10, 10]), 0);
});

Deno.test("colorsUsed() counts different colors", () => {
  assert.equal(colorsUsed(draw("..", "..")), 1);
  assert.equal(colorsUsed(draw("b#", ".b")), 3);
  assert.deepEqual([...packedColors(draw("b#"))], [0x3c5ac8, 0]);
});

Deno.test("inputDistance() is the mean distance in OKLab at the picture's size", () => {
  const white = Image.filled({ height: 8, width: 8 }, [255, 255, 255]);
  assert.equal(inputDistance(draw("..", ".."), white), 0);
  assertAllClose([inputDistance(draw("##", "##"), white)], [1]);
  assertAllClose([inputDistance(draw("#.", ".."), white)], [0.25]);
});

Deno.test("edgesKept() is 1 for the same edges, whatever their colors", () => {
  const picture = draw("....", ".##.", ".##.", "....");
  const inverse = draw("####", "#..#", "#..#", "####");
  assertAllClose([edgesKept(picture, picture)], [1]);
  assertAllClose([edgesKept(inverse, picture)], [1]);
});

Deno.test("edgesKept() is low for other edges, and 0 for none", () => {
  const left = draw("#.....", "#.....", "#.....", "#.....");
  const right = draw(".....#", ".....#", ".....#", ".....#");
  // Two of six columns have a gradient in each, none in both: (0 - 1/9) / (2/9).
  assertAllClose([edgesKept(left, right)], [-0.5]);
  assert.equal(edgesKept(draw("..", ".."), draw("#.", ".#")), 0);
});

Deno.test("classificationOf() reads first, first five and probability", () => {
  const names = ["a", "b", "c", "d", "e", "f", "g"];
  const logits = Float32Array.of(0, 6, 5, 4, 3, 2, 1);
  const { top1, top5, probability, guess } = classificationOf(logits, names, "c");
  assert.deepEqual({ top1, top5, guess }, { top1: 0, top5: 1, guess: "b" });
  assert.equal(classificationOf(logits, names, "c").rank, 2);
  const sum = Array.from(logits, (value) => Math.exp(value)).reduce((a, b) => a + b);
  assertAllClose([probability], [Math.exp(5) / sum]);
  assert.equal(classificationOf(logits, names, "b").top1, 1);
  assert.equal(classificationOf(logits, names, "f").top5, 1);
  assert.equal(classificationOf(logits, names, "g").top5, 0);
  // Large logits do not overflow.
  assertAllClose([classificationOf([2000, 0], ["a", "b"], "a").probability], [1]);
});

Deno.test("classificationOf() refuses a name that it was not given", () => {
  assert.throws(
    () => classificationOf([1], ["a"], "z"),
    /picture of "z": it is not among the names/,
  );
});
