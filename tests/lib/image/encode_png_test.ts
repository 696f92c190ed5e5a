import assert from "node:assert/strict";
import { decodeImage } from "../../../lib/image/formats/decode_image.ts";
import { encodeIndexedPng, encodePng } from "../../../lib/image/encode_png.ts";
import { Image } from "../../../lib/image/image.ts";
import { readPngChunks } from "../../../lib/image/png_chunks.ts";

const SIZE = { height: 5, width: 7 };

for (const [count, depth] of [[1, 1], [2, 1], [3, 2], [4, 2], [5, 4], [16, 4], [17, 8], [256, 8]]) {
  Deno.test(`encodeIndexedPng() writes ${count} colors with ${depth} bits`, async () => {
    // Unsorted, with duplicates, and not all used: nothing of that may change.
    const colors = Uint8Array.from({ length: count! * 3 }, (_, i) => (i * 73 + 200) % 251);
    const indices = Uint32Array.from({ length: 35 }, (_, i) => (i * i) % count!);
    const png = encodeIndexedPng(SIZE, indices, colors);
    const chunks = new Map([...readPngChunks(png)].map(({ type, data }) => [type, data]));
    assert.deepEqual([...chunks.keys()], ["IHDR", "PLTE", "IDAT", "IEND"]);
    assert.deepEqual([...chunks.get("IHDR")!.subarray(8, 10)], [depth, 3]);
    assert.deepEqual([...chunks.get("PLTE")!], [...colors]);
    const expected = Image.fromIndices(SIZE, indices, colors);
    assert.deepEqual((await decodeImage(png)).data, expected.data);
    // A second reader: the runtime's own.
    const bitmap = await createImageBitmap(new Blob([png]));
    assert.deepEqual([bitmap.height, bitmap.width], [5, 7]);
  });
}

Deno.test("encodeIndexedPng() refuses what does not fit", () => {
  const indices = new Uint8Array(35);
  const cases: [() => unknown, RegExp][] = [
    [() => encodeIndexedPng(SIZE, indices, new Uint8Array(257 * 3)), /1 to 256 colors, got 257/],
    [() => encodeIndexedPng(SIZE, indices, new Uint8Array()), /1 to 256 colors, got 0/],
    [() => encodeIndexedPng(SIZE, new Uint8Array(3), new Uint8Array(3)), /35 indices, got 3/],
    [
      () => encodeIndexedPng(SIZE, indices.fill(4, 8, 9), new Uint8Array(9)),
      /indices below 3, got 4 at row 1, column 1/,
    ],
  ];
  for (const [act, message] of cases) assert.throws(act, message);
});

Deno.test("encodePng() keeps every color, and alpha only where there is some", async () => {
  const image = new Image(SIZE, Uint8Array.from({ length: 140 }, (_, i) => (i * 37) % 256));
  assert.deepEqual((await decodeImage(encodePng(image))).data, image.data);
  const opaque = Image.filled(SIZE, [1, 2, 3]);
  const png = encodePng(opaque);
  assert.equal(png[25], 2, "color type RGB");
  assert.deepEqual((await decodeImage(png)).data, opaque.data);
});
