import assert from "node:assert/strict";
import type { Image } from "../../../../lib/image/image.ts";
import { entropyMap, latentGradientMap } from "../../../../lib/outputs/maps/step_maps.ts";
import { viridis, viridisImage } from "../../../../lib/outputs/maps/viridis.ts";

/** Lightness L* of CIELAB. Source: IEC 61966-2-1 and CIE 15:2004, equation 8.3. */
function lightness(color: readonly number[]): number {
  const [red, green, blue] = color.map((value) => {
    const v = value / 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  });
  const luminance = 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
  return luminance > 0.008856 ? 116 * Math.cbrt(luminance) - 16 : 903.3 * luminance;
}

function colorAt(image: Image, index: number): number[] {
  return [...image.data.subarray(index * 4, index * 4 + 4)];
}

Deno.test("viridis() grows evenly in lightness", () => {
  const values = Array.from({ length: 101 }, (_, i) => lightness(viridis(i / 100)));
  const [first, last] = [values[0]!, values.at(-1)!];
  values.forEach((value, i) => {
    const even = first + (last - first) * i / 100;
    assert(Math.abs(value - even) < 2, `L* at ${i / 100} is ${value}, evenly ${even}`);
  });
  assert(last - first > 70);
});

Deno.test("viridis() gives the map's own colors and clamps", () => {
  // Source: matplotlib's viridis: its first, middle and last color.
  assert.deepEqual(viridis(0), [68, 1, 84]);
  assert.deepEqual(viridis(1), [253, 231, 37]);
  const middle = viridis(0.5);
  [33, 145, 140].forEach((value, c) => assert(Math.abs(value - middle[c]!) <= 2));
  assert.deepEqual([viridis(-1), viridis(NaN)], [viridis(0), viridis(0)]);
  assert.deepEqual(viridis(7), viridis(1));
});

Deno.test("viridisImage() draws rows from the top and rejects another length", () => {
  const size = { height: 2, width: 3 };
  const image = viridisImage(size, [0, 0, 1, 0.5, 0, 0]);
  assert.deepEqual(colorAt(image, 2), [253, 231, 37, 255]);
  assert.deepEqual(colorAt(image, 3), [...viridis(0.5), 255]);
  assert.throws(() => viridisImage(size, [1]), /map of 2x3: expected 6 values, got 1$/);
});

Deno.test("entropyMap() draws the entropy as a share of the maximum", () => {
  const size = { height: 1, width: 3 };
  const image = entropyMap(size, [0, Math.log(5), Math.log(5) / 2], 5);
  assert.deepEqual([0, 1, 2].map((i) => colorAt(image, i).slice(0, 3)), [
    [...viridis(0)],
    [...viridis(1)],
    [...viridis(0.5)],
  ]);
  assert.deepEqual(colorAt(entropyMap(size, [0, 0, 0], 1), 1), [...viridis(0), 255]);
});

Deno.test("latentGradientMap() draws the length of the channels", () => {
  const image = latentGradientMap([3, 0, 0, 4, 0, 5], [1, 2, 1, 3]);
  assert.deepEqual([image.height, image.width], [1, 3]);
  assert.deepEqual(colorAt(image, 0).slice(0, 3), [...viridis(1)]);
  assert.deepEqual(colorAt(image, 1).slice(0, 3), [...viridis(0)]);
  assert.deepEqual(colorAt(image, 2).slice(0, 3), [...viridis(1)]);
  const weak = latentGradientMap([3, -1, 4, 0], [1, 2, 1, 2]);
  assert.deepEqual(colorAt(weak, 1).slice(0, 3), [...viridis(0.2)]);
  assert.deepEqual(colorAt(latentGradientMap([0, 0], [1, 1, 1, 2]), 1).slice(0, 3), [
    ...viridis(0),
  ]);
  assert.throws(() => latentGradientMap([1, 2], [2, 1, 1, 1]), /got \[2, 1, 1, 1\] and 2 values/);
});
