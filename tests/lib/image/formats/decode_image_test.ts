import assert from "node:assert/strict";
import { deflateSync } from "node:zlib";
import { decodeImage, ImageError } from "../../../../lib/image/formats/decode_image.ts";
import { joinPngChunks } from "../../../../lib/image/png_chunks.ts";

// The fixtures were written by Pillow 12 from the formulas below, 13 columns and 9 rows.
const HEIGHT = 9;
const WIDTH = 13;
type Pixel = (x: number, y: number) => readonly number[];
const gradient: Pixel = (x, y) => [x * 19, y * 28, (x * y * 3) % 256, 255];
const gradientAlpha: Pixel = (x, y) => [...gradient(x, y).slice(0, 3), (x * 17 + y * 9) % 256];
const tile = (i: number) => [i * 28, 255 - i * 28, i * 13, 255];
const tiles: Pixel = (x, y) => tile((x + 2 * y) % 9);
const gray = (value: number) => [value, value, value, 255];

const CASES: readonly (readonly [file: string, pixel: Pixel, tolerance?: number])[] = [
  ["gradient.png", gradient],
  ["gradient_alpha.png", gradientAlpha],
  ["tiles_4bit.png", tiles],
  ["tiles_2bit.png", (x, y) => tile((x + 2 * y) % 4)],
  ["tiles_clear.png", (x, y) => {
    const pixel = tiles(x, y);
    return (x + 2 * y) % 9 === 3 ? [...pixel.slice(0, 3), 0] : pixel;
  }],
  ["bits.png", (x, y) => gray(((x * y) % 2) * 255)],
  ["gray_16bit.png", (x, y) => gray(Math.round((x * 4000 + y * 777) / 257))],
  ["gray.png", (x) => x === 2 ? [38, 38, 38, 0] : gray(x * 19)],
  ["gradient.webp", gradient],
  ["gradient_alpha.webp", gradientAlpha],
  ["gradient.bmp", gradient],
  ["tiles.bmp", tiles],
  ["tiles.gif", tiles],
  ["tiles_animated.gif", tiles],
  ["gradient_lzw.tiff", gradient],
  ["gradient_alpha.tiff", gradientAlpha],
  ["gradient_packbits.tiff", gradient],
  // JPEG at quality 100 without subsampling is off by a rounding or two.
  ["gradient.jpg", gradient, 3],
  // The same as "gradient.jpg", by "jpegtran -progressive".
  ["progressive.jpg", gradient, 3],
  // Stored lying on its side, with an EXIF mark that says so.
  ["gradient_rotated.jpg", gradient, 3],
];

for (const [file, pixel, tolerance = 0] of CASES) {
  Deno.test(`decodeImage() reads ${file}`, async () => {
    const image = await decodeImage(await fixture(file), { name: file });
    assert.deepEqual([image.height, image.width], [HEIGHT, WIDTH]);
    for (let y = 0; y < HEIGHT; y++) {
      for (let x = 0; x < WIDTH; x++) {
        const found = [...image.data.subarray((y * WIDTH + x) * 4, (y * WIDTH + x) * 4 + 4)];
        const expected = pixel(x, y);
        const isClose = found.every((value, c) => Math.abs(value - expected[c]!) <= tolerance);
        assert(isClose, `row ${y}, column ${x}: expected ${expected}, got ${found}`);
      }
    }
  });
}

Deno.test("decodeImage() reads an interlaced PNG as the runtime does", async () => {
  const bytes = interlacedPng(11, 7);
  const image = await decodeImage(bytes);
  const bitmap = await createImageBitmap(new Blob([bytes]));
  assert.deepEqual([image.width, image.height], [bitmap.width, bitmap.height]);
  for (let y = 0; y < 7; y++) {
    for (let x = 0; x < 11; x++) {
      const i = (y * 11 + x) * 4;
      assert.deepEqual([...image.data.subarray(i, i + 4)], [x * 20, y * 30, x ^ y, 255]);
    }
  }
});

for (const file of ["gradient.png", "gradient.jpg", "tiles.gif", "gradient.webp", "gradient.bmp"]) {
  Deno.test(`decodeImage() refuses ${file} when it is cut short`, async () => {
    const bytes = await fixture(file);
    // Of a PNG, the last 12 bytes are the end chunk, which may be missing.
    const last = file.endsWith(".png") ? bytes.length - 14 : Math.floor(bytes.length * 0.9);
    for (const length of [8, 16, 30, bytes.length >> 1, last]) {
      await assert.rejects(decodeImage(bytes.subarray(0, length), { name: file }), ImageError);
    }
  });
}

Deno.test("decodeImage() says what is wrong with a file", async () => {
  const png = await fixture("gradient.png");
  const damaged = png.slice();
  damaged[60]! ^= 255;
  const text = (value: string) => new TextEncoder().encode(value);
  const cases: [Uint8Array, string][] = [
    [new Uint8Array(), 'Cannot decode image "x": the file is empty'],
    [text("hello"), "expected a PNG, JPEG, WebP, GIF, BMP or TIFF file, got text"],
    [text('<svg xmlns="">'), "got an SVG file"],
    [text("\0\0\0\x18ftypavif"), "got an AVIF image"],
    [png.subarray(0, 20), "the PNG file cannot be read: it ends early or is damaged"],
    [png.subarray(0, 60), "the PNG file cannot be read: it ends early"],
    [damaged, 'the checksum of its chunk "IDAT" does not match'],
    [text("\0\0\0\x0cJXL \r\n"), "got a JPEG XL image"],
    [text("\0\0\0\x18ftypheic"), "got a HEIC image"],
    [text("gimp xcf v011"), "got a GIMP file (XCF)"],
    [text("\0\0\x01\0\x01\0"), "got an icon (ICO)"],
    [Uint8Array.of(9, 0, 0, 0, 0xe0, 0xa5), "got an Aseprite file"],
    [Uint8Array.of(0, 0, 2, ...new Uint8Array(13), 24, 0, 0), "got a TGA image"],
  ];
  for (const [bytes, expected] of cases) {
    await assert.rejects(decodeImage(bytes, { name: "x" }), (error: Error) => {
      assert(error instanceof ImageError);
      assert(error.message.includes(expected), `${error.message} should say: ${expected}`);
      return true;
    });
  }
});

Deno.test("decodeImage() refuses a picture that says it is huge, before decoding it", async () => {
  const header = new Uint8Array(13);
  new DataView(header.buffer).setUint32(0, 2_000_000);
  new DataView(header.buffer).setUint32(4, 2_000_000);
  header.set([8, 2], 8);
  const bytes = joinPngChunks([{ type: "IHDR", data: header }]);
  await assert.rejects(decodeImage(bytes), /at most 67108864 pixels, got 2000000x2000000/);
});

async function fixture(file: string): Promise<Uint8Array> {
  return await Deno.readFile(new URL(`../../../fixtures/images/${file}`, import.meta.url));
}

/** Writes RGB pixels [20x, 30y, x xor y] in the seven passes of Adam7. */
function interlacedPng(width: number, height: number): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(13);
  new DataView(header.buffer).setUint32(0, width);
  new DataView(header.buffer).setUint32(4, height);
  header.set([8, 2, 0, 0, 1], 8);
  // The pass of each pixel of an 8x8 block. Source: PNG specification, 8.1.
  const order = ["16462646", "77777777", "56565656", "77777777", "36463646", "77777777"];
  const block = [...order, "56565656", "77777777"];
  const rows: number[] = [];
  for (let pass = 1; pass <= 7; pass++) {
    for (let y = 0; y < height; y++) {
      const row: number[] = [];
      for (let x = 0; x < width; x++) {
        if (Number(block[y % 8]![x % 8]) === pass) row.push(x * 20, y * 30, x ^ y);
      }
      if (row.length > 0) rows.push(0, ...row);
    }
  }
  const data = deflateSync(Uint8Array.from(rows));
  return joinPngChunks([{ type: "IHDR", data: header }, { type: "IDAT", data }]);
}
