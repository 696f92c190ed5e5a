import assert from "node:assert/strict";
import { compositeAlpha } from "../../../lib/image/composite_alpha.ts";
import { decodeImage } from "../../../lib/image/formats/decode_image.ts";
import {
  enlargeIndices,
  enlargementFactor,
  enlargeNearest,
} from "../../../lib/image/enlarge_nearest.ts";
import { Image, type ImageSize } from "../../../lib/image/image.ts";
import { fitWithin, resizeImage } from "../../../lib/image/resize_image.ts";

/** A picture whose red is given, with green and blue beside it. */
function reds(size: ImageSize, values: readonly number[]): Image {
  return new Image(size, Uint8Array.from(values.flatMap((red) => [red, 7, 255 - red, 255])));
}

function redOf(image: Image): number[] {
  return Array.from({ length: image.height * image.width }, (_, i) => image.data[i * 4]!);
}

Deno.test("resizeImage() equals PyTorch when it enlarges", () => {
  // torch.nn.functional.interpolate(mode="bilinear", align_corners=False) of [0, 100, 200].
  const row = reds({ height: 1, width: 3 }, [0, 100, 200]);
  const large = resizeImage(row, { height: 1, width: 6 }, { fit: "stretch" });
  assert.deepEqual(redOf(large), [0, 25, 75, 125, 175, 200]);
});

Deno.test("resizeImage() equals Pillow's bilinear resize within a rounding", async () => {
  const url = new URL("../../fixtures/images/gradient.png", import.meta.url);
  const image = await decodeImage(await Deno.readFile(url));
  // Image.open("gradient.png").resize((5, 4), Image.BILINEAR) of Pillow 12, red of the first row
  // and green and blue of the first column; 13 columns and 9 rows before.
  const small = resizeImage(image, { height: 4, width: 5 }, { fit: "stretch" });
  const reds = [20, 64, 114, 164, 208];
  const greens = [23, 80, 144, 201];
  const blues = [2, 9, 16, 23];
  const near = (found: number | undefined, expected: number) => Math.abs(found! - expected) <= 1;
  assert(reds.every((red, x) => near(small.data[x * 4], red)));
  assert(greens.every((green, y) => near(small.data[y * 20 + 1], green)));
  assert(blues.every((blue, y) => near(small.data[y * 20 + 2], blue)));
});

Deno.test("resizeImage() equals Pillow's bicubic resize within a rounding", () => {
  // Image.resize((n, 1), Image.BICUBIC) of Pillow 12.3, red.
  const row = reds({ height: 1, width: 9 }, [0, 255, 0, 0, 255, 255, 10, 200, 40]);
  const expected: Record<number, readonly number[]> = {
    4: [106, 80, 187, 97],
    7: [69, 152, 0, 238, 169, 110, 85],
    20: [
      ...[0, 34, 178, 252, 135, 4, 0, 0, 73, 210, 255, 255, 233, 96],
      ...[10, 93, 196, 154, 62, 25],
    ],
  };
  for (const [width, values] of Object.entries(expected)) {
    const size = { height: 1, width: Number(width) };
    const found = redOf(resizeImage(row, size, { fit: "stretch", filter: "bicubic" }));
    assert(found.every((red, x) => Math.abs(red - values[x]!) <= 1), `${found}`);
  }
});

Deno.test("resizeImage() weighs all pixels when it shrinks", () => {
  const row = reds({ height: 1, width: 8 }, [255, 0, 255, 0, 255, 0, 255, 0]);
  for (const filter of ["bilinear", "area"] as const) {
    const small = resizeImage(row, { height: 1, width: 2 }, { fit: "stretch", filter });
    for (const red of redOf(small)) assert(Math.abs(red - 128) < 12, `${filter}: ${red}`);
  }
  // Three pixels to two: each covers one and a half.
  const three = reds({ height: 1, width: 3 }, [30, 60, 90]);
  const area = resizeImage(three, { height: 1, width: 2 }, { fit: "stretch", filter: "area" });
  assert.deepEqual(redOf(area), [40, 80]);
  const nearest = resizeImage(three, { height: 1, width: 9 }, {
    filter: "nearest",
    fit: "stretch",
  });
  assert.deepEqual(redOf(nearest), [30, 30, 30, 60, 60, 60, 90, 90, 90]);
});

Deno.test("resizeImage() keeps the aspect: crop cuts, fit leaves background", () => {
  const wide = reds({ height: 2, width: 4 }, [10, 20, 30, 40, 10, 20, 30, 40]);
  const crop = resizeImage(wide, { height: 2, width: 2 }, { fit: "crop", filter: "nearest" });
  assert.deepEqual(redOf(crop), [20, 30, 20, 30]);
  const size = { height: 4, width: 4 };
  const fit = resizeImage(wide, size, { fit: "fit", filter: "nearest", background: [99, 0, 0] });
  const row = [99, 99, 99, 99];
  assert.deepEqual(redOf(fit), [...row, 10, 20, 30, 40, 10, 20, 30, 40, ...row]);
  assert.equal(resizeImage(wide, size, { fit: "fit" }).data[3], 0, "transparent by default");
  for (const fit of ["fit", "crop", "stretch"] as const) {
    const image = resizeImage(wide, { height: 13, width: 5 }, { fit });
    assert.deepEqual([image.height, image.width, image.data.length], [13, 5, 260]);
  }
});

Deno.test("fitWithin() never leaves the box and never vanishes", () => {
  assert.deepEqual(fitWithin({ height: 3, width: 1000 }, { height: 8, width: 8 }), {
    height: 1,
    width: 8,
  });
  assert.deepEqual(fitWithin({ height: 30, width: 20 }, { height: 64, width: 64 }), {
    height: 64,
    width: 43,
  });
});

Deno.test("resizeImage() does not let transparent pixels bleed", () => {
  const image = new Image({ height: 1, width: 2 }, Uint8Array.of(200, 0, 0, 255, 0, 255, 0, 0));
  const small = resizeImage(image, { height: 1, width: 1 }, { fit: "stretch", filter: "area" });
  assert.deepEqual([...small.data], [200, 0, 0, 128]);
});

Deno.test("compositeAlpha() lays the picture over a color", () => {
  const data = Uint8Array.of(200, 100, 0, 255, 200, 100, 0, 0, 200, 100, 0, 51);
  const flat = compositeAlpha(new Image({ height: 1, width: 3 }, data), [0, 50, 255]);
  assert.deepEqual([...flat.data], [200, 100, 0, 255, 0, 50, 255, 255, 40, 60, 204, 255]);
  assert.equal(compositeAlpha(flat, [1, 2, 3]), flat, "an opaque picture is returned as it is");
});

Deno.test("enlargeNearest() turns each pixel into a square", () => {
  const image = reds({ height: 2, width: 3 }, [1, 2, 3, 4, 5, 6]);
  const top = [1, 1, 2, 2, 3, 3];
  const bottom = [4, 4, 5, 5, 6, 6];
  assert.deepEqual(redOf(enlargeNearest(image, 2)), [...top, ...top, ...bottom, ...bottom]);
  assert.deepEqual(enlargeNearest(image, 1).data, image.data);
  const indices = enlargeIndices({ height: 1, width: 2 }, Uint32Array.of(7, 300), 3);
  assert.deepEqual([...indices.subarray(0, 6)], [7, 7, 7, 300, 300, 300]);
  assert.equal(indices.length, 18);
  assert.throws(() => enlargeNearest(image, 1.5), /expected an integer factor >= 1, got 1.5/);
  assert.equal(enlargementFactor({ height: 24, width: 32 }, 512), 16);
  assert.equal(enlargementFactor({ height: 900, width: 2 }, 512), 1);
});
