import assert from "node:assert/strict";
import { Image, type Rgb } from "../../../lib/image/image.ts";
import { borderMedian, plainBackground } from "../../../lib/initialization/plain_background.ts";

const SIZE = { height: 20, width: 20 };
const MAGENTA: Rgb = [254, 1, 252];
const GREEN: Rgb = [40, 160, 60];
const BROWN: Rgb = [120, 80, 40];

/** Draws columns of colors, each of a width. The upper and lower border are half of the border. */
function columns(...parts: readonly (readonly [Rgb, number])[]): Image {
  const image = new Image(SIZE);
  let x = 0;
  for (const [color, width] of parts) {
    for (const end = x + width; x < end; x++) {
      for (let y = 0; y < SIZE.height; y++) {
        image.data.set([...color, 255], (y * SIZE.width + x) * 4);
      }
    }
  }
  return image;
}

Deno.test("plainBackground() finds the color of most of the border", () => {
  assert.deepEqual(plainBackground(columns([GREEN, 15], [BROWN, 5])), GREEN);
  const three = columns([GREEN, 7], [BROWN, 6], [[20, 20, 220], 7]);
  assert.equal(plainBackground(three), undefined);
});

Deno.test("plainBackground() finds a little magenta, but not a spot of it", () => {
  // 8 of 76 pixels of the border.
  assert.deepEqual(plainBackground(columns([GREEN, 8], [MAGENTA, 4], [BROWN, 8])), MAGENTA);
  // 4 of 76.
  assert.equal(plainBackground(columns([GREEN, 9], [MAGENTA, 2], [BROWN, 9])), undefined);
});

Deno.test("borderMedian() is the median of each channel", () => {
  assert.deepEqual(borderMedian(columns([GREEN, 15], [BROWN, 5])), GREEN);
});
