import assert from "node:assert/strict";
import { type EdgeConfig, makeCannyImage } from "../../../lib/conditioning/control_image.ts";
import { Image } from "../../../lib/image/image.ts";
import { readGolden } from "../../support/goldens.ts";

const GOLDEN = readGolden("canny");
const CONFIG: EdgeConfig = {
  cannyThreshold1: 100,
  cannyThreshold2: 200,
  cannyBlur: true,
  cannyBlurRadius: 1,
};

/** An image of the reference file: bytes, shape [H, W, 3]. */
function goldenImage(): Image {
  const { data, shape } = GOLDEN.tensor("0.image");
  const [height, width] = shape as [number, number];
  return Image.fromFloats({ height, width }, data.map((value) => value / 255));
}

for (const [cannyBlur, name] of [[true, "0.blur"], [false, "0.sharp"]] as const) {
  Deno.test(`makeCannyImage() equals OpenCV, blur ${cannyBlur}`, () => {
    const image = goldenImage();
    const { data, shape } = makeCannyImage(image, image, { ...CONFIG, cannyBlur });
    assert.deepEqual(shape, [1, 3, image.height, image.width]);
    const edges = GOLDEN.tensor(name).data.map((value) => value / 255);
    assert(edges.includes(1));
    for (let channel = 0; channel < 3; channel++) {
      assert.deepEqual(data.subarray(channel * edges.length).subarray(0, edges.length), edges);
    }
  });
}

Deno.test("makeCannyImage() resizes an image to the teacher's size", () => {
  const size = { height: 48, width: 40 };
  const { data, shape } = makeCannyImage(goldenImage(), size, CONFIG);
  assert.deepEqual(shape, [1, 3, 48, 40]);
  assert.equal(data.length, 3 * 48 * 40);
});
