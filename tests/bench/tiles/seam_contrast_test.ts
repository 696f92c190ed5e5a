import assert from "node:assert/strict";
import { Palette } from "../../../lib/palette/palette.ts";
import { seamContrast } from "./seam_contrast.ts";

const palette = new Palette("two", Uint8Array.of(0, 0, 0, 255, 255, 255));

Deno.test("seamContrast() compares the seam with the lines inside, along each axis", () => {
  const rounded = (indices: Uint32Array, axis: "x" | "y") => {
    const picture = { height: 6, width: 6, palette, indices };
    const { seam, inside, beside } = seamContrast(picture, axis);
    return [seam, inside, beside].map((value) => Math.round(value * 1e4) / 1e4);
  };
  // Stripes of 1 join side by side, and the rows are equal.
  const stripes = Uint32Array.from({ length: 36 }, (_, i) => i % 2);
  assert.deepEqual(rounded(stripes, "x"), [1, 1, 1]);
  assert.deepEqual(rounded(stripes, "y"), [0, 0, 0]);
  // One white row at the top, and one at half the height whose left half is white.
  const rows = Uint32Array.from({ length: 36 }, (_, i) => i < 6 || (i >= 18 && i < 21) ? 1 : 0);
  assert.deepEqual(rounded(rows, "y"), [1, 0.4, 0.375]);
});
