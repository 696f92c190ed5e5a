import assert from "node:assert/strict";
import { Image } from "../../../lib/image/image.ts";
import { COLOR_DISTANCES, colorMetric } from "../../../lib/palette/color_metric.ts";
import { nearestColors } from "../../../lib/palette/nearest_color.ts";
import { Palette } from "../../../lib/palette/palette.ts";

Deno.test("each metric has distance 0 for a color and itself, and is symmetric", () => {
  for (const name of COLOR_DISTANCES) {
    const { convert, squared } = colorMetric(name);
    const [olive, slate] = [convert([140, 150, 110]), convert([86, 108, 134])];
    assert.equal(squared(olive, olive), 0);
    assert(squared(olive, slate) > 0);
    assert(Math.abs(squared(olive, slate) - squared(slate, olive)) < 1e-9);
  }
});

Deno.test("CIEDE2000 equals the published pairs of Lab colors", () => {
  const { squared } = colorMetric("ciede2000");
  // Source: Sharma, Wu & Dalal 2005, table 1, pairs 1, 7 and 24.
  const pairs = [
    [[50, 2.6772, -79.7751], [50, 0, -82.7485], 2.0425],
    [[50, 0, 0], [50, -1, 2], 2.3669],
    [[50, 2.5, 0], [50, 3.2592, 0.335], 1],
  ] as const;
  for (const [a, b, expected] of pairs) {
    assert(Math.abs(Math.sqrt(squared(a, b)) - expected) < 1e-4, String(expected));
  }
});

Deno.test("the distance decides what is near: a muted green is slate in sRGB, green in OKLab", () => {
  const palette = new Palette("two", Uint8Array.of(86, 108, 134, 56, 183, 100));
  const image = Image.filled({ height: 1, width: 1 }, [140, 150, 110]);
  assert.deepEqual([...nearestColors(image, palette)], [0]);
  assert.deepEqual([...nearestColors(image, palette, "ciede2000")], [1]);
});
