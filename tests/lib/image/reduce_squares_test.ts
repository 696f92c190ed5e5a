import assert from "node:assert/strict";
import { enlargeNearest } from "../../../lib/image/enlarge_nearest.ts";
import { Image } from "../../../lib/image/image.ts";
import { reduceSquares } from "../../../lib/image/reduce_squares.ts";

const SIZE = { height: 3, width: 5 };
const PICTURE = new Image(SIZE, Uint8Array.from({ length: 60 }, (_, i) => (i * 89) % 256));

Deno.test("reduceSquares() undoes an enlargement, byte by byte", () => {
  for (const factor of [1, 2, 7]) {
    assert.deepEqual(reduceSquares(enlargeNearest(PICTURE, factor), SIZE), PICTURE);
  }
});

Deno.test("reduceSquares() refuses other multiples and squares that are not of one color", () => {
  const cases = [{ height: 6, width: 5 }, { height: 4, width: 7 }, { height: 1, width: 1 }];
  for (const size of cases) {
    assert.throws(() => reduceSquares(new Image(size), SIZE), {
      name: "RangeError",
      message: `expected 3x5 pixels or a whole multiple, got ${size.height}x${size.width}`,
    });
  }
  const large = enlargeNearest(PICTURE, 2);
  // The blue of row 3, column 1.
  large.data[(3 * 10 + 1) * 4 + 2]! ^= 1;
  assert.throws(() => reduceSquares(large, SIZE), {
    message: "expected squares of 2x2 equal pixels, got another color at row 3, column 1",
  });
});
