import assert from "node:assert/strict";
import { Palette } from "../../../lib/palette/palette.ts";
import { seamContrast } from "./seam_contrast.ts";

const palette = new Palette("two", Uint8Array.of(0, 0, 0, 255, 255, 255));

Deno.test("seamContrast() compares the seam with the lines inside, along each axis", () => {
  // Stripes of 1 join side by side; the rows make a step at the seam only.
  const stripes = Uint32Array.from({ length: 16 }, (_, i) => i % 2);
  const picture = { height: 4, width: 4, palette, indices: stripes };
  const close = ({ seam, inside, rank }: ReturnType<typeof seamContrast>) =>
    [seam, inside, rank].map((value) => Math.round(value * 1e4) / 1e4);
  assert.deepEqual(close(seamContrast(picture, "x")), [1, 1, 1]);
  assert.deepEqual(close(seamContrast(picture, "y")), [0, 0, 1]);
  const halves = Uint32Array.from({ length: 16 }, (_, i) => i < 4 ? 1 : 0);
  assert.deepEqual(close(seamContrast({ ...picture, indices: halves }, "y")), [1, 0.3333, 0.3333]);
});
