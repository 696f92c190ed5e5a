import assert from "node:assert/strict";
import { type ClusteredPicture, matchColors } from "../../../lib/initialization/match_colors.ts";
import { nearestColor } from "../../../lib/palette/nearest_color.ts";
import { Palette } from "../../../lib/palette/palette.ts";

const paletteOf = (...colors: readonly (readonly [number, number, number])[]) =>
  new Palette("test", Uint8Array.from(colors.flat()));

const GREEN = [60, 180, 100] as const;
const TEAL = [40, 110, 120] as const;
const WHITE = [240, 240, 240] as const;

Deno.test("matchColors() keeps colors that the palette has", () => {
  const clusters = paletteOf(TEAL, GREEN, WHITE);
  const palette = paletteOf(WHITE, GREEN, [0, 0, 0], TEAL);
  const classes = Uint32Array.of(0, 1, 2, 2, 1, 0);
  assert.deepEqual(matchColors({ classes, width: 3, clusters }, palette), [3, 1, 0]);
});

Deno.test("matchColors() keeps a thing apart from a ground of nearly its color", () => {
  const clusters = paletteOf([70, 200, 95], [54, 152, 99]);
  const palette = paletteOf(GREEN, TEAL, WHITE);
  for (const k of [0, 1]) assert.equal(nearestColor(clusters.at(k), palette.colors), 0);
  const size = 8;
  // Lines of one pixel have a long border for their area; a half of the picture has a short one.
  const lines = Uint32Array.from({ length: size * size }, (_, i) => Math.floor(i / size) % 2);
  const halves = Uint32Array.from({ length: size * size }, (_, i) => Math.floor(2 * i / size ** 2));
  assert.deepEqual(matchColors({ classes: lines, width: size, clusters }, palette), [0, 1]);
  assert.deepEqual(matchColors({ classes: halves, width: size, clusters }, palette), [0, 0]);
});

Deno.test("matchColors() finds matches that no other match of one color betters", () => {
  const bytes = (count: number, factor: number) =>
    Uint8Array.from({ length: count }, (_, i) => (i * factor) % 251);
  const clusters = new Palette("clusters", bytes(15, 83));
  const palette = new Palette("given", bytes(24, 157));
  const width = 6;
  const classes = Uint32Array.from({ length: 36 }, (_, i) => (i * i + 3 * i) % 5);
  const weighted = Float64Array.from({ length: 36 }, (_, i) => i % 5 === 0 ? 1 : 0.01);
  for (const weights of [undefined, weighted]) {
    const picture = { classes, width, clusters, weights };
    const matches = matchColors(picture, palette);
    const costs = (some: readonly number[]) => sumOfDistances(picture, palette, some);
    for (const k of matches.keys()) {
      for (let other = 0; other < palette.size; other++) {
        assert.ok(costs(matches) <= costs(matches.with(k, other)) + 1e-6);
      }
    }
  }
});

/** The minimized error, pixel by pixel. */
function sumOfDistances(
  { classes, width, clusters, weights }: ClusteredPicture,
  palette: Palette,
  matches: readonly number[],
): number {
  const shift = (i: number) => {
    const k = classes[i]!;
    return palette.at(matches[k]!).map((value, c) => value - clusters.at(k)[c]!);
  };
  const square = (values: readonly number[]) => values.reduce((sum, v) => sum + v * v, 0);
  const weightOf = (i: number) => weights?.[i] ?? 1;
  let sum = 0;
  for (const i of classes.keys()) {
    sum += weightOf(i) * square(shift(i));
    for (const next of [i % width === width - 1 ? -1 : i + 1, i + width]) {
      if (next < 0 || next >= classes.length) continue;
      const weight = (weightOf(i) + weightOf(next)) / 2;
      sum += 0.5 * weight * square(shift(i).map((value, c) => value - shift(next)[c]!));
    }
  }
  return sum;
}
