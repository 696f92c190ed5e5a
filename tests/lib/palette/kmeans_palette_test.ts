import assert from "node:assert/strict";
import { Image } from "../../../lib/image/image.ts";
import { kmeansPalette } from "../../../lib/palette/kmeans_palette.ts";
import { nearestColor, nearestColors } from "../../../lib/palette/nearest_color.ts";
import { Palette } from "../../../lib/palette/palette.ts";

const SIZE = { height: 20, width: 30 };

/** Noise of ±6 around four colors, so that the best four are known. */
function fourColors(): Image {
  const centers = [[20, 30, 40], [200, 40, 30], [40, 200, 60], [230, 230, 240]];
  const image = new Image(SIZE);
  for (let i = 0; i < SIZE.height * SIZE.width; i++) {
    const noise = ((i * 7919) % 13) - 6;
    image.data.set(centers[(i * 31) % 4]!.map((value) => value + noise), i * 4);
    image.data[i * 4 + 3] = 255;
  }
  return image;
}

Deno.test("kmeansPalette() finds the clusters, from dark to light, and repeats", () => {
  const palette = kmeansPalette(fourColors(), 4, { seed: 7 });
  const expected = [[20, 30, 40], [200, 40, 30], [40, 200, 60], [230, 230, 240]];
  assert.deepEqual([palette.name, palette.size], ["kmeans-4", 4]);
  const near = expected.every((color, k) =>
    palette.at(k).every((value, c) => Math.abs(value - color[c]!) <= 2)
  );
  assert(near, palette.toHexText());
  const again = kmeansPalette(fourColors(), 4, { seed: 7 });
  assert.deepEqual(again.colors, palette.colors);
});

Deno.test("kmeansPalette() returns the colors of the image if there are few", () => {
  const image = Image.fromIndices(
    { height: 1, width: 4 },
    [0, 1, 2, 1],
    Uint8Array.of(
      ...[250, 250, 250],
      ...[1, 2, 3],
      ...[90, 0, 90],
    ),
  );
  assert.equal(kmeansPalette(image, 8).toHexText(), "010203\n5a005a\nfafafa\n");
  image.data[3] = 0; // the first pixel turns transparent
  assert.equal(kmeansPalette(image, 8).toHexText(), "010203\n5a005a\n");
  assert.throws(() => kmeansPalette(new Image(SIZE), 2), /the image is fully transparent/);
  assert.throws(() => kmeansPalette(image, 0), /expected a count of 1 or more, got 0/);
});

Deno.test("kmeansPalette() copes with more colors than it keeps apart", () => {
  const size = { height: 256, width: 256 };
  const image = new Image(size);
  for (let i = 0; i < 65536; i++) image.data.set([i >> 8, i & 255, (i >> 4) & 255, 255], i * 4);
  assert.equal(kmeansPalette(image, 3).size, 3);
});

Deno.test("nearestColors() equals a plain search, ties going to the first color", () => {
  const palette = new Palette("p", Uint8Array.of(0, 0, 0, 100, 0, 0, 100, 0, 0, 60, 60, 0));
  const row = [[49, 0, 0], [50, 0, 0], [51, 0, 0], [255, 0, 0], [61, 40, 0]];
  const image = new Image(
    { height: 1, width: 5 },
    Uint8Array.from(row.flatMap((color) => [...color, 255])),
  );
  assert.deepEqual([...nearestColors(image, palette)], [0, 0, 1, 1, 3]);
  assert.equal(nearestColor([0, 0, 0], [9, 0, 0, 5, 5, 0]), 1, "sums of squares: 81 and 50");
});

Deno.test("kmeansPalette() spends its colors where pixels weigh more", () => {
  // Two dark shades in the upper half, two bright ones in the lower half.
  const image = Image.filled({ height: 4, width: 4 }, [0, 0, 0]);
  const shades = [10, 60, 190, 240];
  for (let i = 0; i < 16; i++) image.data.fill(shades[Math.floor(i / 4)]!, i * 4, i * 4 + 3);
  const weigh = (upper: number, lower: number) =>
    kmeansPalette(image, 3, {
      weights: Float64Array.from({ length: 16 }, (_, i) => i < 8 ? upper : lower),
    }).toHexText();
  assert.equal(weigh(1, 0.01), "0a0a0a\n3c3c3c\nd7d7d7\n");
  assert.equal(weigh(0.01, 1), "232323\nbebebe\nf0f0f0\n");
});
