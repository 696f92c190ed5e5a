import assert from "node:assert/strict";
import { prepareStartImage } from "../../../lib/distill/start_image.ts";
import { Image } from "../../../lib/image/image.ts";

const TEACHER = { height: 96, width: 160 };

Deno.test("prepareStartImage() gives whole pixels per pixel, at least the teacher's size", () => {
  const image = Image.filled({ height: 50, width: 50 }, [10, 20, 30]);
  const sizeFor = (height: number, width: number) => {
    const prepared = prepareStartImage(image, { height, width }, TEACHER);
    return [prepared.height, prepared.width];
  };
  assert.deepEqual(sizeFor(24, 40), [96, 160]);
  assert.deepEqual(sizeFor(25, 41), [100, 164]);
  assert.deepEqual(sizeFor(200, 256), [200, 256]);
});

Deno.test("prepareStartImage() cuts both sides off and lays over white", () => {
  // 8 x 24: a red left third, a transparent middle, a blue right third.
  const image = new Image({ height: 8, width: 24 });
  for (let i = 0; i < 8 * 24; i++) {
    const third = Math.floor(i % 24 / 8);
    image.data.set(
      third === 0 ? [255, 0, 0, 255] : third === 1 ? [9, 9, 9, 0] : [0, 0, 255, 255],
      i * 4,
    );
  }
  const square = { height: 8, width: 8 };
  const prepared = prepareStartImage(image, square, square);
  assert.deepEqual(prepared, Image.filled(square, [255, 255, 255]));
});
