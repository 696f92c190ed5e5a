import assert from "node:assert/strict";
import { movesOf, orbitsOf } from "../../../lib/constraint/symmetry.ts";

const SIZE = { height: 2, width: 3 };

Deno.test("movesOf() mirrors rows, columns or both", () => {
  const moves = (symmetry: "x" | "y" | "xy") => movesOf(symmetry, SIZE).map((move) => [...move]);
  const mirroredX = [2, 1, 0, 5, 4, 3];
  const mirroredY = [3, 4, 5, 0, 1, 2];
  assert.deepEqual(moves("x"), [mirroredX]);
  assert.deepEqual(moves("y"), [mirroredY]);
  assert.deepEqual(moves("xy"), [mirroredX, mirroredY, [5, 4, 3, 2, 1, 0]]);
  assert.deepEqual(movesOf("none", SIZE), []);
});

Deno.test("movesOf() turns a square by 90, 180 and 270 degrees", () => {
  const [turn, half, back] = movesOf("rotate4", { height: 2, width: 2 });
  // The top left cell goes to the top right, and on clockwise.
  assert.deepEqual([...turn!], [1, 3, 0, 2]);
  assert.deepEqual([...half!], [3, 2, 1, 0]);
  assert.deepEqual([...back!], [2, 0, 3, 1]);
});

Deno.test("movesOf() refuses to turn a picture that is not square", () => {
  assert.throws(() => movesOf("rotate4", SIZE), /expected a square, got 2x3 pixels/);
});

Deno.test("orbitsOf() names the first cell that shares a color", () => {
  assert.deepEqual([...orbitsOf(movesOf("xy", SIZE), 6)], [0, 1, 0, 0, 1, 0]);
});
