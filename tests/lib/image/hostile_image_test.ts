import assert from "node:assert/strict";
import { deflateSync } from "node:zlib";
import { decodeImage, ImageError } from "../../../lib/image/formats/decode_image.ts";
import { joinPngChunks, type PngChunk } from "../../../lib/image/png_chunks.ts";

function header(width: number, height: number, depth = 8, colorType = 0): PngChunk {
  const data = new Uint8Array(13);
  new DataView(data.buffer).setUint32(0, width);
  new DataView(data.buffer).setUint32(4, height);
  data.set([depth, colorType], 8);
  return { type: "IHDR", data };
}

function pixels(byteLength: number): PngChunk {
  return { type: "IDAT", data: deflateSync(new Uint8Array(byteLength)) };
}

/** A GIF of 8 x 8 pixels with a frame of another size. */
function gif(width: number, height: number): Uint8Array {
  const bytes = Uint8Array.from([
    ...[0x47, 0x49, 0x46, 0x38, 0x39, 0x61, 8, 0, 8, 0, 0x80, 0, 0, 0, 0, 0, 255, 255, 255],
    ...[0x2c, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 0x4c, 1, 0, 0x3b],
  ]);
  new DataView(bytes.buffer).setUint16(24, width, true);
  new DataView(bytes.buffer).setUint16(26, height, true);
  return bytes;
}

/** An extended WebP whose canvas is small and whose frame is not. */
function webp(width: number, height: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(44));
  [0x52494646, 0, 0x57454250, 0x56503858].forEach((value, i) => view.setUint32(i * 4, value));
  view.setUint32(16, 10, true);
  view.setUint32(30, 0x5650384c); // "VP8L"
  view.setUint32(34, 5, true);
  view.setUint8(38, 0x2f);
  view.setUint32(39, (width - 1) | ((height - 1) << 14), true);
  return new Uint8Array(view.buffer);
}

async function jpeg(height: number, width: number): Promise<Uint8Array> {
  const bytes = await fixture("gradient.jpg");
  const view = new DataView(bytes.buffer);
  let at = 2;
  while (view.getUint16(at) !== 0xffc0) at += 2 + view.getUint16(at + 2);
  view.setUint16(at + 5, height);
  view.setUint16(at + 7, width);
  return bytes;
}

async function fixture(file: string): Promise<Uint8Array> {
  return await Deno.readFile(new URL(`../../fixtures/images/${file}`, import.meta.url));
}

Deno.test("decodeImage() refuses files that would take gigabytes or minutes, within a second", async () => {
  const cases: [bytes: Uint8Array, expected: RegExp][] = [
    [gif(65535, 65535), /GIF .* at most 67108864 pixels, got 65535x65535$/],
    [webp(16384, 16384), /WebP .* at most 67108864 pixels, got 16384x16384$/],
    [joinPngChunks([header(1, 1), header(65535, 1000), pixels(2)]), /it has two IHDR chunks$/],
    [joinPngChunks([header(1, 2 ** 26), pixels(2 ** 20)]), /at most 65535 pixels a side/],
    [joinPngChunks([header(1, 1), pixels(2 ** 24)]), /its compressed pixels are damaged$/],
    [joinPngChunks([header(8000, 8000), pixels(2 ** 16)]), /compressed pixels end early$/],
    [await jpeg(65535, 65535), /JPEG .* it ends early$/],
    [await jpeg(8000, 8000), /JPEG .* it ends early$/],
  ];
  for (const [bytes, expected] of cases) {
    const start = performance.now();
    await assert.rejects(decodeImage(bytes, { name: "x" }), (error: Error) => {
      assert(error instanceof ImageError);
      assert.match(error.message, expected);
      return true;
    });
    assert(performance.now() - start < 1000, String(expected));
  }
});

Deno.test("decodeImage() reads a PNG as browsers do", async () => {
  const cases: [file: string, note: RegExp][] = [
    ["badcrc_gama.png", /the chunk "gAMA" has a wrong checksum and is ignored/],
    ["noiend.png", /its end chunk is missing/],
  ];
  for (const [file, note] of cases) {
    const notes: string[] = [];
    const image = await decodeImage(await fixture(file), { onNote: (text) => notes.push(text) });
    assert.deepEqual([image.height, image.width, ...image.data.subarray(0, 3)], [
      64,
      96,
      220,
      30,
      30,
    ]);
    assert.equal(notes.length, 1);
    assert.match(notes[0]!, note);
  }
  const palette = { type: "PLTE", data: Uint8Array.of(255, 0, 0) };
  const row = { type: "IDAT", data: deflateSync(Uint8Array.of(0, 0, 7)) };
  const notes: string[] = [];
  const image = await decodeImage(joinPngChunks([header(2, 1, 8, 3), palette, row]), {
    onNote: (text) => notes.push(text),
  });
  assert.deepEqual([...image.data], [255, 0, 0, 255, 0, 0, 0, 255]);
  assert.deepEqual(notes, [
    'Image "image": a pixel has index 7 of 1 colors; such pixels are black',
  ]);
  const cgbi = joinPngChunks([{ type: "CgBI", data: new Uint8Array(4) }, header(1, 1), pixels(2)]);
  await assert.rejects(decodeImage(cgbi), /it is a PNG of iOS apps \(CgBI\)/);
});

Deno.test("decodeImage() reads a JPEG to its own end, whatever follows", async () => {
  const bytes = await fixture("gradient.jpg");
  const expected = await decodeImage(bytes);
  const trailers = [[0xff, 0xda], [0xff, 0xd8, 0xff, 0xda, 0, 2], new Array(512).fill(0)];
  let state = 1;
  const random = Array.from({ length: 100_000 }, () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state >> 16 & 255;
  });
  for (const trailer of [...trailers, random]) {
    const image = await decodeImage(Uint8Array.from([...bytes, ...trailer]));
    assert.deepEqual(image, expected);
  }
  const notes: string[] = [];
  const open = bytes.subarray(0, bytes.length - 2);
  assert.deepEqual(await decodeImage(open, { onNote: (note) => notes.push(note) }), expected);
  assert.deepEqual(notes, ['Image "image": its end marker is missing']);
  await assert.rejects(decodeImage(bytes.subarray(0, bytes.length - 40)), /JPEG .* it ends early/);
  await assert.rejects(
    decodeImage(await fixture("arith.jpg")),
    /arithmetic coding is not supported/,
  );
});

Deno.test("decodeImage() refuses JPEGs whose parts contradict each other", async () => {
  const bytes = await fixture("gradient.jpg");
  const find = (marker: number) =>
    bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === marker);
  const [frame, scan, huffman] = [0xc0, 0xda, 0xc4].map(find) as [number, number, number];
  const changed = (at: number, value: number) => bytes.with(at, value);
  const insert = (at: number, part: readonly number[]) =>
    Uint8Array.from([...bytes.subarray(0, at), ...part, ...bytes.subarray(at)]);
  const count = bytes[scan + 4]!;
  const header = [...bytes.subarray(scan, scan + 8 + 2 * count)];
  const end = bytes.length - 2;
  for (
    const [damaged, reason] of [
      // The brightness of 1x1 below colors of 2x1.
      [changed(frame + 14, 0x21), /its sampling factors are not supported/],
      // A component that the frame does not have, and tables that are not defined.
      [changed(scan + 5, 99), /it is damaged/],
      [changed(scan + 6, 0x33), /it is damaged/],
      [insert(end, header.with(6, 0x23)), /it is damaged/],
      [changed(huffman + 4, 0x07), /it is damaged/],
      // A second frame header, a marker that does not exist, and a segment behind the end.
      [insert(scan, [...bytes.subarray(frame, frame + 8 + 3 * count + 2)]), /it is damaged/],
      [insert(end, [0xff, 0x1b, 0, 2]), /it is damaged/],
      [insert(end, [0xff, 0xfb, 0x90, 0]), /it ends early/],
    ] as const
  ) {
    await assert.rejects(decodeImage(damaged), reason);
  }
});

Deno.test("decodeImage() halves a JPEG of up to twice the limit", async () => {
  for (const file of ["gradient.jpg", "gradient_rotated.jpg"]) {
    const notes: string[] = [];
    const onNote = (note: string) => notes.push(note);
    const image = await decodeImage(await fixture(file), { maxPixels: 60, onNote });
    assert.deepEqual([image.height, image.width], [5, 7], file);
    assert.deepEqual(notes, ['Image "image": it is read at half its size, as 5x7 pixels']);
    await assert.rejects(decodeImage(await fixture(file), { maxPixels: 58 }), /at most 58 pixels/);
  }
});
