import assert from "node:assert/strict";
import { neighborsOf } from "../../../lib/finish/indexed_picture.ts";

const SIZE = { height: 3, width: 4 };

Deno.test("neighborsOf() lists the pixels beside a pixel, not beyond the border", () => {
  assert.deepEqual([...neighborsOf(SIZE, 0)], [4, 1]);
  assert.deepEqual([...neighborsOf(SIZE, 5)], [1, 9, 4, 6]);
  assert.deepEqual([...neighborsOf(SIZE, 11)], [7, 10]);
});

Deno.test("neighborsOf() continues at the other border where a picture wraps", () => {
  assert.deepEqual([...neighborsOf(SIZE, 0, { x: true, y: false })], [4, 3, 1]);
  assert.deepEqual([...neighborsOf(SIZE, 11, { x: true, y: true })], [7, 3, 10, 8]);
});
