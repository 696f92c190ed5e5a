import assert from "node:assert/strict";
import { builtInPalettes } from "../../../lib/palette/formats/built_in_palettes.ts";
import { colorOrder } from "../../../lib/palette/color_order.ts";
import { nearColors, previewWarnings } from "../../../lib/palette/near_colors.ts";
import { oklabDistance, toOklab } from "../../../lib/palette/oklab.ts";
import { parseHex } from "../../../lib/palette/formats/hex.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";

Deno.test("toOklab() gives the known values of white and the primaries", () => {
  // Source: CSS Color Module Level 4 and 5 examples; four digits, so the tolerance is half of one.
  assertAllClose(toOklab([255, 255, 255]), [1, 0, 0], { atol: 1e-6 });
  assertAllClose(toOklab([0, 0, 0]), [0, 0, 0], { atol: 1e-6 });
  assertAllClose(toOklab([255, 0, 0]), [0.62796, 0.22486, 0.12585], { atol: 5e-5 });
  assertAllClose(toOklab([0, 255, 0]), [0.86644, -0.23389, 0.1795], { atol: 5e-5 });
  assertAllClose(toOklab([0, 0, 255]), [0.45201, -0.03246, -0.31153], { atol: 5e-5 });
});

Deno.test("nearColors() finds what a look at every pair finds", () => {
  for (const { load } of builtInPalettes().filter(({ load }) => load().size <= 216)) {
    const palette = load();
    const colors = Array.from({ length: palette.size }, (_, i) => toOklab(palette.at(i)));
    const expected = new Set<string>();
    for (let j = 0; j < palette.size; j++) {
      for (let i = 0; i < j; i++) {
        if (oklabDistance(colors[i]!, colors[j]!) < 0.02) expected.add(`${i} ${j}`);
      }
    }
    const found = nearColors(palette);
    assert.deepEqual(new Set(found.map(({ first, second }) => `${first} ${second}`)), expected);
    const distances = found.map(({ distance }) => distance);
    assert.deepEqual(distances, distances.toSorted((a, b) => a - b));
  }
});

Deno.test("previewWarnings() tells equal and similar colors, and is silent on others", () => {
  const palette = parseHex("ff0000\nfe0203\n00ff00\n00ff00\n0000ff", "p");
  assert.deepEqual(previewWarnings(palette), [
    'Palette "p" holds #00ff00 twice, as colors 3 and 4',
    "1 pair of colors looks alike, nearer than 0.02 in OKLab: #ff0000 and #fe0203 (0.0019)",
  ]);
  const grays = parseHex("808080\n818181\n828282\n838383", "grays");
  assert.match(previewWarnings(grays)[0]!, /^6 pairs of colors look alike.*: such as #8.*\)$/);
  assert.deepEqual(previewWarnings(parseHex("000000\nffffff", "bw")), []);
});

Deno.test("colorOrder() goes by hue with grays first, or by lightness, or not at all", () => {
  const palette = parseHex("0000ff\nffffff\n00ff00\nff0000\n000000\n800000\nffff00", "p");
  const shown = (order: "none" | "hue" | "lightness") =>
    colorOrder(palette, order).map((i) => palette.hexAt(i));
  const names = palette.toHexText().trim().split("\n");
  assert.deepEqual(shown("none"), names);
  assert.deepEqual(shown("lightness"), [
    ...["000000", "800000", "0000ff", "ff0000", "00ff00", "ffff00", "ffffff"],
  ]);
  assert.deepEqual(shown("hue"), [
    ...["000000", "ffffff", "800000", "ff0000", "ffff00", "00ff00", "0000ff"],
  ]);
});
