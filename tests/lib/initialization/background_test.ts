import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { decodeImage } from "../../../lib/image/formats/decode_image.ts";
import { Image } from "../../../lib/image/image.ts";
import { chooseBackground, findBackground } from "../../../lib/initialization/background.ts";
import { prepareStartImage } from "../../../lib/initialization/start_image.ts";
import { findPalette } from "../../../lib/palette/formats/find_palette.ts";
import { toOklab } from "../../../lib/palette/oklab.ts";
import type { Palette } from "../../../lib/palette/palette.ts";

const GHOST = await decodeImage(
  readFileSync(new URL("../../fixtures/images/ghost.png", import.meta.url)),
);

/** A disc of one color, with another one inside, on nothing. */
function disc(border: readonly number[], inside: readonly number[]): Image {
  const image = new Image({ height: 32, width: 32 });
  for (let i = 0; i < 32 * 32; i++) {
    const radius = Math.hypot(i % 32 - 15.5, Math.floor(i / 32) - 15.5);
    if (radius < 12) image.data.set([...radius < 10 ? inside : border, 255], i * 4);
  }
  return image;
}

function distance(palette: Palette, a: number, b: number): number {
  const other = toOklab(palette.at(b));
  return Math.hypot(...toOklab(palette.at(a)).map((value, c) => value - other[c]!));
}

for (const name of ["sweetie-16", "pico-8", "game-boy"]) {
  Deno.test(`chooseBackground() is unlike each color of ${name} as a subject`, async () => {
    const palette = await findPalette(name);
    for (let k = 0; k < palette.size; k++) {
      const found = chooseBackground(disc(palette.at(k), palette.at(k)), palette);
      const max = Math.max(
        ...Array.from({ length: palette.size }, (_, j) => distance(palette, j, k)),
      );
      assert.equal(distance(palette, found, k), max);
    }
  });

  Deno.test(`chooseBackground() is no color of a subject with an outline, in ${name}`, async () => {
    const palette = await findPalette(name);
    for (let k = 1; k < palette.size; k++) {
      assert(![0, k].includes(chooseBackground(disc(palette.at(0), palette.at(k)), palette)));
    }
  });
}

Deno.test("a white ghost stays visible, and its mask is kept", async () => {
  const palette = await findPalette("sweetie-16");
  const background = findBackground("auto", GHOST, palette);
  const { image, mask } = prepareStartImage(GHOST, {
    picture: { height: 32, width: 32 },
    teacher: { height: 128, width: 128 },
    background,
  });
  assert.equal(mask!.length, 32 * 32);
  const middle = 16 * 32 + 16;
  assert.deepEqual([mask![0], mask![middle]], [0, 1]);
  assert.deepEqual([...image.data.subarray(0, 3)], [...background]);
  const white = toOklab([255, 255, 255]);
  const apart = Math.hypot(...toOklab(background).map((value, c) => value - white[c]!));
  assert(apart > 0.4, `a ground at a distance of ${apart} from white hides a white ghost`);
});

Deno.test("prepareStartImage() gives no mask of an opaque image", () => {
  const size = { height: 8, width: 8 };
  const image = Image.filled(size, [1, 2, 3]);
  assert.equal(prepareStartImage(image, { picture: size, teacher: size }).mask, undefined);
});

Deno.test("findBackground() reads hexadecimal colors, CSS names and palette indices", async () => {
  const palette = await findPalette("sweetie-16");
  const read = (text: string) => [...findBackground(text, GHOST, palette)];
  assert.deepEqual(read("#f0a"), [255, 0, 170]);
  assert.deepEqual(read("1A1c2C"), [26, 28, 44]);
  assert.deepEqual(read("RebeccaPurple"), [102, 51, 153]);
  assert.deepEqual(read("15"), [...palette.at(15)]);
  for (const text of ["16", "", "-1", "1.5", "whit", "#12345"]) {
    assert.throws(
      () => read(text),
      /expected auto, a color such as .* index of the palette, which has 16 colors$/,
    );
  }
});

Deno.test("the mask of a picture at its own size is its alpha, whatever the teacher's size", () => {
  const picture = { height: 8, width: 12 };
  const image = Image.filled(picture, [200, 10, 10]);
  const alpha = Uint8Array.from({ length: 96 }, (_, i) => (i * 7 + (i >> 3)) % 3 === 0 ? 0 : 1);
  for (const [i, value] of alpha.entries()) image.data[i * 4 + 3] = value * 255;
  for (const side of [8, 64, 128]) {
    const teacher = { height: side, width: side };
    assert.deepEqual(prepareStartImage(image, { picture, teacher }).mask, alpha);
  }
});
