import assert from "node:assert/strict";
import { imageFromPlanes, planesFromImage } from "../../../lib/image/image_planes.ts";

Deno.test("imageFromPlanes() puts the values of a pixel side by side", () => {
  // Planes of 1 x 2 pixels: red, green, blue.
  const image = imageFromPlanes([0, 1, 0.2, 0.4, 1, 0], [1, 3, 1, 2]);
  assert.deepEqual([image.height, image.width], [1, 2]);
  assert.deepEqual([...image.data], [0, 51, 255, 255, 255, 102, 0, 255]);
});

Deno.test("imageFromPlanes() refuses another shape", () => {
  assert.throws(() => imageFromPlanes([0, 0, 0, 0], [1, 4, 1, 1]), {
    message: "Cannot turn planes into an image: expected shape [1, 3, H, W], got [1, 4, 1, 1]",
  });
});

Deno.test("planesFromImage() undoes imageFromPlanes()", () => {
  const planes = Float32Array.of(0, 1, 0.2, 0.4, 1, 0);
  assert.deepEqual(planesFromImage(imageFromPlanes(planes, [1, 3, 1, 2])), planes);
});
