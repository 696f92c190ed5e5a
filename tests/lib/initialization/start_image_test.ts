import assert from "node:assert/strict";
import {
  prepareStartImage as prepare,
  type StartImageOptions,
} from "../../../lib/initialization/start_image.ts";
import { Image, type Rgb } from "../../../lib/image/image.ts";

const prepareStartImage = (image: Image, options: StartImageOptions) =>
  prepare(image, options).image;

const TEACHER = { height: 96, width: 160 };

Deno.test("prepareStartImage() gives whole pixels per pixel, at least the teacher's size", () => {
  const image = Image.filled({ height: 50, width: 50 }, [10, 20, 30]);
  for (const fit of ["crop", "fit", "pad"] as const) {
    const sizeFor = (height: number, width: number) => {
      const picture = { height, width };
      const prepared = prepareStartImage(image, { picture, teacher: TEACHER, fit });
      assert(!prepared.isTransparent());
      return [prepared.height, prepared.width];
    };
    assert.deepEqual(sizeFor(24, 40), [96, 160]);
    assert.deepEqual(sizeFor(25, 41), [100, 164]);
    assert.deepEqual(sizeFor(200, 256), [200, 256]);
  }
});

const RED: Rgb = [255, 0, 0];
const BLUE: Rgb = [0, 0, 255];
const WHITE: Rgb = [255, 255, 255];

/** 8 x 24 pixels: a red left third, a transparent middle, a blue right third. */
function thirds(): Image {
  const image = new Image({ height: 8, width: 24 });
  for (let i = 0; i < 8 * 24; i++) {
    const third = Math.floor(i % 24 / 8);
    const color = [[...RED, 255], [9, 9, 9, 0], [...BLUE, 255]][third]!;
    image.data.set(color, i * 4);
  }
  return image;
}

/** The same, turned by a quarter: red above, blue below. */
function turned(image: Image): Image {
  const result = new Image({ height: image.width, width: image.height });
  for (let y = 0; y < result.height; y++) {
    for (let x = 0; x < result.width; x++) {
      const from = (x * image.width + y) * 4;
      result.data.set(image.data.subarray(from, from + 4), (y * result.width + x) * 4);
    }
  }
  return result;
}

function colorAt(image: Image, y: number, x: number): number[] {
  return [...image.data.subarray((y * image.width + x) * 4, (y * image.width + x) * 4 + 3)];
}

Deno.test("prepareStartImage() cuts both sides off and lays over white", () => {
  const square = { height: 8, width: 8 };
  const prepared = prepareStartImage(thirds(), { picture: square, teacher: square });
  assert.deepEqual(prepared, Image.filled(square, WHITE));
});

Deno.test("prepareStartImage() keeps all of an image on white with pad", () => {
  const square = { height: 24, width: 24 };
  const options = { picture: square, teacher: square, fit: "pad" } as const;
  const prepared = prepareStartImage(thirds(), options);
  for (const y of [0, 7, 16, 23]) {
    for (let x = 0; x < 24; x++) assert.deepEqual(colorAt(prepared, y, x), WHITE);
  }
  for (const y of [8, 15]) {
    const row = [2, 12, 21].map((x) => colorAt(prepared, y, x));
    assert.deepEqual(row, [RED, WHITE, BLUE]);
  }
  assert.deepEqual(prepareStartImage(turned(thirds()), options), turned(prepared));
});

Deno.test("prepareStartImage() continues the border's color with fit", () => {
  const square = { height: 24, width: 24 };
  const options = { picture: square, teacher: square, fit: "fit" } as const;
  // Green, but for a red corner; transparent, but for a blue spot in the middle.
  const green = Image.filled({ height: 24, width: 12 }, [0, 200, 0]);
  green.data.set([...RED, 255]);
  const prepared = prepareStartImage(green, options);
  for (const x of [0, 5, 18, 23]) assert.deepEqual(colorAt(prepared, 12, x), [0, 200, 0]);
  assert.deepEqual(colorAt(prepared, 0, 6), RED);
  const spot = new Image({ height: 24, width: 12 });
  spot.data.set([...BLUE, 255], (12 * 12 + 6) * 4);
  const opaque = prepareStartImage(spot, options);
  assert.deepEqual(colorAt(opaque, 0, 0), WHITE);
  assert.deepEqual(colorAt(opaque, 12, 12), BLUE);
});
