import assert from "node:assert/strict";
import { resolveRunConfig } from "../../../config/resolve_run_config.ts";
import type { PartialConfig } from "../../../config/resolve_run_config.ts";
import { FREE } from "../../../lib/constraint/picture_rules.ts";
import { Image } from "../../../lib/image/image.ts";
import { importanceOf, rulesOf } from "../../../lib/initialization/config_rules.ts";
import { Palette } from "../../../lib/palette/palette.ts";

const PALETTE = new Palette("three", Uint8Array.of(0, 0, 0, 255, 0, 0, 255, 255, 255));
const SIZE = { height: 8, width: 8 };

function configOf(constraint: PartialConfig["constraint"]) {
  return resolveRunConfig({ generator: { imageH: 8, imageW: 8 }, constraint: { ...constraint } });
}

Deno.test("rulesOf() finds colors by index, hexadecimal digits and CSS name", () => {
  const config = configOf({ lockColors: ["0", "#ff0000"], excludeColors: ["white"], maxColors: 2 });
  const rules = rulesOf(config, { palette: PALETTE });
  assert.deepEqual([rules?.lockedColors, rules?.excludedColors], [[0, 1], [2]]);
  assert.equal(rulesOf(configOf({}), { palette: PALETTE }), undefined);
});

Deno.test("rulesOf() means all of a palette's equal colors, however they are named", () => {
  const palette = new Palette("twice", Uint8Array.of(0, 0, 0, 9, 9, 9, 0, 0, 0, 8, 8, 8));
  for (const name of ["0", "2", "black", "#000000"]) {
    const rules = rulesOf(configOf({ excludeColors: [name, "0"] }), { palette });
    assert.deepEqual(rules?.excludedColors, [0, 2]);
  }
  // Pixels have the first of them, so only that one counts as locked.
  const locked = rulesOf(configOf({ lockColors: ["2", "black"], maxColors: 1 }), { palette });
  assert.deepEqual(locked?.lockedColors, [0]);
});

Deno.test("rulesOf() keeps the first colors where a mask is dark, and those of a picture", () => {
  // Twice the size: the mask's lower half is black.
  const mask = Image.filled({ height: 16, width: 16 }, [255, 255, 255]);
  mask.data.fill(0, 8 * 16 * 4);
  for (let i = 3; i < mask.data.length; i += 4) mask.data[i] = 255;
  const keep = new Image(SIZE);
  keep.data.set([255, 0, 0, 255], 0);
  keep.data.set([255, 255, 255, 127], 4);
  keep.data.set([255, 255, 255, 255], 63 * 4);
  const first = new Uint32Array(64);
  const kept = rulesOf(configOf({}), { palette: PALETTE, mask, keep, first })!.kept!;
  assert.deepEqual([kept[0], kept[1], kept[31], kept[32], kept[63]], [1, FREE, FREE, 0, 2]);
});

Deno.test("rulesOf() takes the brightness of a map as importance, never 0", () => {
  const map = Image.filled({ height: 2, width: 2 }, [0, 0, 0]);
  map.data.set([255, 255, 255, 255], 0);
  map.data.set([255, 0, 0, 255], 4);
  map.data.set([255, 255, 255, 0], 8);
  const expected = Float64Array.of(1, 1 / 3, 1 / 255, 1 / 255);
  assert.deepEqual(importanceOf(map, { height: 2, width: 2 }), expected);
  const rules = rulesOf(configOf({}), { palette: PALETTE, importance: map })!;
  assert.deepEqual([rules.importance![0], rules.importance![63]], [1, 1 / 255]);
});

Deno.test("rulesOf() counts the color of an outline among those that stay", () => {
  const config = (part: PartialConfig) =>
    resolveRunConfig({
      ...part,
      generator: { imageH: 8, imageW: 8, transparent: true },
      finish: { outline: "black" },
    });
  const limited = rulesOf(config({ constraint: { maxColors: 1 } }), { palette: PALETTE })!;
  assert.deepEqual([limited.lockedColors, limited.classes], [[0], 4]);
  const excluded = config({ constraint: { maxColors: 1, excludeColors: ["black"] } });
  assert.deepEqual(rulesOf(excluded, { palette: PALETTE })!.lockedColors, [1]);
  const two = config({ constraint: { maxColors: 1, lockColors: ["white"] } });
  assert.throws(() => rulesOf(two, { palette: PALETTE }), /keep 2 colors.* an outline: at most 1/);
});
