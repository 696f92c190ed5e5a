import assert from "node:assert/strict";
import type { IndexedPicture } from "../../../lib/finish/indexed_picture.ts";
import { changedShare, steadyFrames } from "../../../lib/finish/steady_frames.ts";
import { Palette } from "../../../lib/palette/palette.ts";

/** Two nearly equal grays, and red. */
const PALETTE = new Palette("own", Uint8Array.of(100, 100, 100, 108, 108, 108, 255, 0, 0));
const frame = (rows: readonly string[]): IndexedPicture => ({
  height: rows.length,
  width: rows[0]!.length,
  palette: PALETTE,
  indices: Uint32Array.from(rows.join(""), Number),
});

Deno.test("steadyFrames() keeps a pixel whose color is about the same", () => {
  const [first, second] = steadyFrames([frame(["000", "000"]), frame(["111", "122"])]);
  assert.deepEqual([...first!.indices], [0, 0, 0, 0, 0, 0]);
  assert.deepEqual([...second!.indices], [0, 0, 0, 0, 2, 2]);
});

Deno.test("steadyFrames() keeps a pixel that changes alone, and compares with the steady frame", () => {
  const frames = [frame(["0000", "0000"]), frame(["2000", "0022"]), frame(["2200", "0022"])];
  const steady = steadyFrames(frames);
  assert.deepEqual([...steady[1]!.indices], [0, 0, 0, 0, 0, 0, 2, 2]);
  assert.deepEqual([...steady[2]!.indices], [2, 2, 0, 0, 0, 0, 2, 2]);
  assert.equal(changedShare(steady), 4 / 16);
  assert.equal(changedShare(frames), (3 + 1) / 16);
  assert.equal(changedShare([frame(["0"])]), 0);
});
