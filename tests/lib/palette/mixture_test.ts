import assert from "node:assert/strict";
import { matchPalette } from "../../../lib/palette/match_palette.ts";
import { mixColors, mixtureOfLogits, recolorMixture } from "../../../lib/palette/mixture.ts";
import { Palette } from "../../../lib/palette/palette.ts";
import { parseHex } from "../../../lib/palette/formats/hex.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";
import { readGolden } from "../../support/goldens.ts";

const THREE = parseHex("ff0000\n00ff00\n0000ff", "three");
const SIZE = { height: 1, width: 2 };
// exp of them is 1, 2, 1 and 1, 1, 6.
const LOGITS = [0, Math.log(2), 0, 5, 5, 5 + Math.log(6)];

Deno.test("mixtureOfLogits() is a softmax, and mixColors() its mean color", () => {
  const mixture = mixtureOfLogits(SIZE, THREE, LOGITS);
  assertAllClose(mixture.probabilities, [0.25, 0.5, 0.25, 0.125, 0.125, 0.75], { atol: 1e-7 });
  assert.deepEqual([...mixture.indices], [1, 2]);
  assertAllClose(mixColors(mixture), mixture.probabilities, { atol: 1e-7 });
});

Deno.test("mixtureOfLogits() bears large logits and takes the first color on ties", () => {
  const mixture = mixtureOfLogits(SIZE, THREE, [-1e4, 1e4, 1e4, 1e30, 0, 0]);
  assertAllClose(mixture.probabilities, [0, 0.5, 0.5, 1, 0, 0], { atol: 1e-7 });
  assert.deepEqual([...mixture.indices], [1, 0]);
  assert.throws(() => mixtureOfLogits(SIZE, THREE, [1]), {
    message: "Cannot mix 3 colors in 1x2 pixels: expected 6 logits, got 1",
  });
});

Deno.test("mixtureOfLogits() agrees with the reference", () => {
  const golden = readGolden("generator");
  for (const tag of ["a", "b"]) {
    const { data, shape } = golden.tensor(`${tag}.logits`);
    const [height, width, count] = shape as [number, number, number];
    const palette = new Palette("reference", new Uint8Array(count * 3));
    const { probabilities, indices } = mixtureOfLogits({ height, width }, palette, data);
    const max = Array.from(indices, (index, pixel) => probabilities[pixel * count + index]!);
    assertAllClose(max, golden.tensor(`${tag}.max_probability`).data, { atol: 1e-6 });
    const entropies = Array.from(
      indices,
      (_, pixel) =>
        probabilities.subarray(pixel * count, (pixel + 1) * count)
          .reduce((sum, value) => sum - value * Math.log(value), 0),
    );
    assertAllClose(entropies, golden.tensor(`${tag}.entropy`).data, { atol: 1e-5 });
  }
});

Deno.test("matchPalette() goes by index or by the nearest color", () => {
  const others = parseHex("000000\nffffff\n808080", "others");
  assert.deepEqual([...matchPalette(THREE, others).indices], [0, 1, 2]);
  assert.equal(matchPalette(THREE, others).by, "index");
  const two = parseHex("00c000\n8000a0", "two");
  const match = matchPalette(THREE, two);
  assert.deepEqual([[...match.indices], match.by], [[1, 0, 1], "nearest"]);
  const mixture = recolorMixture(mixtureOfLogits(SIZE, THREE, LOGITS), match);
  assertAllClose(mixture.probabilities, [0.5, 0.5, 0.125, 0.875], { atol: 1e-7 });
  assert.deepEqual([...mixture.indices], [0, 1]);
  assert.equal(mixture.palette.name, "two");
});
