import assert from "node:assert/strict";
import { Image } from "../../../lib/image/image.ts";
import { orphanPixelShare } from "../../support/orphan_pixel_share.ts";

Deno.test("Image turns floats into bytes and back", () => {
  const size = { height: 1, width: 2 };
  const image = Image.fromFloats(size, [0, 0.5, 1, -3, 7, NaN]);
  assert.deepEqual([...image.data], [0, 128, 255, 255, 0, 255, 0, 255]);
  assert.deepEqual([...image.toFloats()], [0, Math.fround(128 / 255), 1, 0, 1, 0]);
  assert.equal(image.isTransparent(), false);
  assert.equal(new Image(size).isTransparent(), true);
});

Deno.test("Image refuses sizes and data that do not fit", () => {
  assert.throws(() => new Image({ height: 0, width: 4 }), /1 pixel or more, got 0x4/);
  assert.throws(() => new Image({ height: 1.5, width: 4 }), /got 1.5x4/);
  assert.throws(() => new Image({ height: 1, width: 4 }, new Uint8Array(3)), /16 bytes, got 3/);
  assert.throws(() => Image.fromFloats({ height: 1, width: 1 }, [0]), /expected 3 values, got 1/);
  const colors = new Uint8Array(6);
  assert.throws(() => Image.fromIndices({ height: 1, width: 1 }, [2], colors), /below 2, got 2/);
  assert.throws(() => Image.fromIndices({ height: 1, width: 2 }, [0], colors), /got undefined/);
});

Deno.test("orphanPixelShare() counts inner pixels without an equal neighbor", () => {
  const size = { height: 4, width: 5 };
  // Of the six inner pixels, two are alone: the 1 and the 2. Corners do not make friends.
  const indices = [
    [0, 0, 0, 0, 0],
    [0, 1, 0, 0, 0],
    [0, 0, 2, 0, 0],
    [0, 0, 0, 2, 0],
  ].flat();
  assert.equal(orphanPixelShare(size, indices), 2 / 6);
  assert.equal(orphanPixelShare(size, new Uint8Array(20)), 0);
  assert.equal(orphanPixelShare({ height: 2, width: 10 }, [...indices]), 0, "no inner pixel");
});
