import assert from "node:assert/strict";
import type { Rgb } from "../../../lib/image/image.ts";
import {
  foregroundOf,
  keyShare,
  removeBackground,
  replaceBackground,
  shadowedShare,
} from "../../../lib/initialization/unmix_key.ts";

const MAGENTA: Rgb = [255, 0, 255];
const GREEN: Rgb = [0, 255, 0];

/** Mixes a share of the background with a color. */
function mix(color: Rgb, share: number, key: Rgb): Rgb {
  const [red, green, blue] = color.map((value, c) =>
    Math.round(share * key[c]! + (1 - share) * value)
  );
  return [red!, green!, blue!];
}

function assertNear(actual: Rgb, expected: Rgb, tolerance: number): void {
  const distance = Math.max(...actual.map((value, c) => Math.abs(value - expected[c]!)));
  assert(distance <= tolerance, `${actual} is not near ${expected}`);
}

Deno.test("shadowedShare() finds how much of the background a shadow shows", () => {
  for (const key of [MAGENTA, GREEN]) {
    for (const share of [0.25, 0.5, 0.9, 1]) {
      const found = shadowedShare(mix([0, 0, 0], share, key), key);
      // Colors are rounded to 1 / 255.
      assert(Math.abs(found - share) < 0.005, `${found} of ${share}`);
    }
  }
  // As an autoencoder shows it: 5 of 255 beside the line to black.
  assert(Math.abs(shadowedShare([139, 0, 131], MAGENTA) - 0.53) < 0.005);
});

Deno.test("shadowedShare() is 0 for colors of subjects", () => {
  const colors: Rgb[] = [
    [0, 0, 0],
    [255, 255, 255],
    [104, 56, 108],
    [160, 32, 240],
    [255, 0, 128],
    [218, 112, 214],
    [62, 39, 49],
  ];
  for (const color of colors) assert.equal(shadowedShare(color, MAGENTA), 0, `${color}`);
});

Deno.test("keyShare() finds the share of the background before any gray, and no more", () => {
  for (const key of [MAGENTA, GREEN]) {
    for (const gray of [0, 120, 255]) {
      for (const share of [0, 0.3, 0.8, 1]) {
        const found = keyShare(mix([gray, gray, gray], share, key), key);
        assert(Math.abs(found - share) < 0.005, `${found} of ${share} before ${gray}`);
      }
    }
  }
  assert.equal(keyShare([0, 255, 0], MAGENTA), 0);
});

Deno.test("removeBackground() and replaceBackground() undo a mixture", () => {
  const colors: Rgb[] = [[20, 30, 10], [200, 220, 255], [0, 0, 0]];
  for (const color of colors) {
    const mixed = mix(color, 0.6, MAGENTA);
    // Rounding of 0.5 is divided by the share of 0.4.
    assertNear(removeBackground(mixed, 0.6, MAGENTA), color, 2);
    const behind: Rgb = [255, 255, 255];
    assertNear(
      replaceBackground(mixed, 0.6, { key: MAGENTA, behind }),
      mix(color, 0.6, behind),
      1,
    );
  }
});

Deno.test("foregroundOf() finds the color that is mixed with the background", () => {
  const colors: Rgb[] = [[0, 0, 0], [200, 30, 30], [60, 120, 40], [230, 230, 200]];
  for (const color of colors) {
    for (const share of [0.1, 0.5, 0.8]) {
      assert.deepEqual(foregroundOf(mix(color, share, MAGENTA), MAGENTA, colors), color);
    }
  }
  assert.equal(foregroundOf([200, 140, 255], MAGENTA, [[200, 30, 30], [0, 0, 0]]), undefined);
  assert.equal(foregroundOf([200, 30, 30], MAGENTA, []), undefined);
});
