import assert from "node:assert/strict";
import { Image } from "../../../lib/image/image.ts";
import { findPalette } from "../../../lib/palette/formats/find_palette.ts";
import { gradientMap, isOneHue } from "../../../lib/initialization/gradient_map.ts";
import { Palette } from "../../../lib/palette/palette.ts";

Deno.test("isOneHue() is true of grays and of shades of one hue", async () => {
  const found: Record<string, boolean> = {};
  for (const name of ["game-boy", "gray-4", "1-bit", "sweetie-16", "pico-8", "endesga-32"]) {
    found[name] = isOneHue(await findPalette(name));
  }
  assert.deepEqual(found, {
    "game-boy": true,
    "gray-4": true,
    "1-bit": true,
    "sweetie-16": false,
    "pico-8": false,
    "endesga-32": false,
  });
  // Red and its complement; a single color.
  assert.equal(isOneHue(new Palette("two", Uint8Array.of(200, 30, 30, 30, 200, 200))), false);
  assert.equal(isOneHue(new Palette("one", Uint8Array.of(200, 30, 30))), false);
});

Deno.test("gradientMap() gives colors of one lightness one shade, and uses all shades", () => {
  const palette = new Palette("blues", Uint8Array.of(120, 160, 255, 10, 20, 60, 60, 90, 160));
  // Black, white, and two grays between them.
  const values = [0, 85, 170, 255];
  const image = Image.fromFloats(
    { height: 2, width: 2 },
    values.flatMap((value) => [value, value, value]).map((value) => value / 255),
  );
  const { data } = gradientMap(image, palette);
  assert.deepEqual([...data.subarray(0, 4)], [10, 20, 60, 255]);
  assert.deepEqual([...data.subarray(12, 16)], [120, 160, 255, 255]);
  const blues = [2, 6, 10, 14].map((i) => data[i]!);
  assert.deepEqual(blues, blues.toSorted((a, b) => a - b));
  assert.equal(new Set(blues).size, 4);
});

Deno.test("gradientMap() takes an image of one color", () => {
  const palette = new Palette("two", Uint8Array.of(0, 0, 0, 200, 200, 200));
  const image = Image.filled({ height: 3, width: 3 }, [9, 99, 199]);
  assert.deepEqual([...gradientMap(image, palette).data.subarray(0, 4)], [0, 0, 0, 255]);
});
