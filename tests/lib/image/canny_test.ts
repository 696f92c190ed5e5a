import assert from "node:assert/strict";
import { canny } from "../../../lib/image/canny.ts";
import { gaussianBlur } from "../../../lib/image/gaussian_blur.ts";
import { Image } from "../../../lib/image/image.ts";

// Source of the expected numbers: OpenCV 5.0.0 and Pillow; see the fixture's own metadata.
const golden = await readGolden();
const THRESHOLDS = { low: 100, high: 200 };

for (const picture of ["0", "1"]) {
  Deno.test(`canny() equals OpenCV on every pixel of picture ${picture}`, () => {
    const image = rgbImage(golden(`${picture}.image`));
    assert.deepEqual(canny(image, THRESHOLDS), golden(`${picture}.sharp`).data);
    const blurred = rgbImage(golden(`${picture}.blurred`));
    assert.deepEqual(canny(blurred, THRESHOLDS), golden(`${picture}.blur`).data);
  });

  Deno.test(`gaussianBlur() of radius 1 equals Pillow on every pixel of picture ${picture}`, () => {
    const blurred = gaussianBlur(rgbImage(golden(`${picture}.image`)), 1);
    assert.deepEqual(blurred.data, rgbImage(golden(`${picture}.blurred`)).data);
  });
}

Deno.test("canny() takes thresholds in either order and finds nothing in a flat picture", () => {
  const image = rgbImage(golden("0.image"));
  assert.deepEqual(canny(image, { low: 200, high: 100 }), canny(image, THRESHOLDS));
  const flat = Image.filled({ height: 5, width: 1 }, [9, 200, 3]);
  assert.deepEqual(canny(flat, THRESHOLDS), new Uint8Array(5));
});

Deno.test("gaussianBlur() keeps a flat picture, whatever the radius and however small it is", () => {
  const flat = Image.filled({ height: 2, width: 3 }, [10, 128, 255]);
  for (const radius of [0, 0.3, 1, 2.5, 40]) {
    assert.deepEqual(gaussianBlur(flat, radius).data, flat.data);
  }
  assert.throws(() => gaussianBlur(flat, -1), /Cannot blur image: expected a radius/);
});

interface Tensor {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

async function readGolden(): Promise<(key: string) => Tensor> {
  const url = new URL("../../fixtures/goldens/canny.safetensors", import.meta.url);
  const bytes = await Deno.readFile(url);
  const start = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start)));
  return (key) => {
    const { shape, data_offsets: [from, to] } = header[key];
    return { shape, data: bytes.slice(start + from, start + to) };
  };
}

function rgbImage({ shape, data }: Tensor): Image {
  const size = { height: shape[0]!, width: shape[1]! };
  return Image.fromFloats(size, Float32Array.from(data, (value) => value / 255));
}
