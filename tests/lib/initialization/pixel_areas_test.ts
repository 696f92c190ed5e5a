import assert from "node:assert/strict";
import {
  areasOf,
  borderPixels,
  flood,
  squareAround,
} from "../../../lib/initialization/pixel_areas.ts";

const SIZE = { height: 3, width: 4 };

Deno.test("borderPixels() lists all but the inner pixels", () => {
  assert.deepEqual(borderPixels(SIZE), [0, 1, 2, 3, 4, 7, 8, 9, 10, 11]);
});

Deno.test("flood() finds what is connected by sides, in so many steps", () => {
  // # # . #
  // . # . .
  // # . . #
  const isPart = (i: number) => [0, 1, 3, 5, 8, 11].includes(i);
  assert.deepEqual(flood(SIZE, [0], isPart), [0, 1, 5]);
  assert.deepEqual(flood(SIZE, [0], isPart, 1), [0, 1]);
  assert.deepEqual(flood(SIZE, [8], isPart), [8]);
  assert.deepEqual(flood(SIZE, [], isPart), []);
  // The starts are taken as they are.
  assert.deepEqual(flood(SIZE, [4, 4], isPart), [4, 0, 8, 5, 1]);
});

Deno.test("squareAround() lists the pixels around a pixel, not beyond the border", () => {
  assert.deepEqual(squareAround(SIZE, 0, 1), [0, 1, 4, 5]);
  assert.deepEqual(squareAround(SIZE, 6, 1), [1, 2, 3, 5, 6, 7, 9, 10, 11]);
  assert.deepEqual(squareAround(SIZE, 6, 0), [6]);
  assert.deepEqual(squareAround({ height: 5, width: 5 }, 12, 2, 2), [
    0,
    2,
    4,
    10,
    12,
    14,
    20,
    22,
    24,
  ]);
});

Deno.test("areasOf() lists what is connected together", () => {
  // # # . #
  // . # . .
  // # . . #
  const isPart = (i: number) => [0, 1, 3, 5, 8, 11].includes(i);
  assert.deepEqual(areasOf(SIZE, isPart), [[0, 1, 5], [3], [8], [11]]);
});
