import assert from "node:assert/strict";
import { deflateSync } from "node:zlib";
import { decodeImage } from "../../../lib/image/formats/decode_image.ts";
import type { Image } from "../../../lib/image/image.ts";
import { type TiffTag, writeTiff } from "../../support/write_tiff.ts";

// Two rows of three pixels.
const HEIGHT = 2;
const WIDTH = 3;
const COLORS = [
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
  [10, 20, 30],
  [200, 100, 50],
  [255, 255, 255],
] as const;

const size = (photometric: number, bits: readonly number[], extra: readonly TiffTag[] = []) =>
  [
    [256, "short", [WIDTH]],
    [257, "short", [HEIGHT]],
    [258, "short", bits],
    [262, "short", [photometric]],
    [277, "short", [bits.length]],
    ...extra,
  ] satisfies TiffTag[];

async function read(bytes: Uint8Array): Promise<Image> {
  return await decodeImage(bytes, { name: "x.tif" });
}

function assertColors(image: Image, expected: readonly (readonly number[])[]): void {
  assert.deepEqual([image.height, image.width], [HEIGHT, WIDTH]);
  const opaque = expected.map((color) => color.length === 3 ? [...color, 255] : color);
  assert.deepEqual([...image.data], opaque.flat());
}

const RGB8 = Uint8Array.from(COLORS.flat());

Deno.test("decodeImage() reads TIFF strips, planes and tiles", async () => {
  const strips = size(2, [8, 8, 8], [[278, "short", [1]]]);
  assertColors(await read(writeTiff(strips, [RGB8.slice(0, 9), RGB8.slice(9)])), COLORS);
  const planes = [0, 1, 2].map((c) => Uint8Array.from(COLORS, (color) => color[c]!));
  const planar = size(2, [8, 8, 8], [[284, "short", [2]]]);
  assertColors(await read(writeTiff(planar, planes)), COLORS);
  // Two tiles of 2 x 2, whose last column lies outside.
  const tile = (columns: readonly number[]) =>
    Uint8Array.from(
      [0, 1].flatMap((y) => columns.flatMap((x) => x < WIDTH ? COLORS[y * WIDTH + x]! : [9, 9, 9])),
    );
  const tiled = size(2, [8, 8, 8], [[322, "short", [2]], [323, "short", [2]]]);
  assertColors(await read(writeTiff(tiled, [tile([0, 1]), tile([2, 3])])), COLORS);
});

Deno.test("decodeImage() reads TIFF compressions and predictors of both byte orders", async () => {
  const literal = (bytes: Uint8Array) => Uint8Array.of(bytes.length - 1, ...bytes);
  const packBits = size(2, [8, 8, 8], [[259, "short", [32773]]]);
  assertColors(await read(writeTiff(packBits, [literal(RGB8)])), COLORS);
  const runs = size(1, [8], [[259, "short", [32773]]]);
  const gray = await read(writeTiff(runs, [Uint8Array.of(0x80, 0xfd, 7, 1, 8, 9)]));
  assertColors(gray, [7, 7, 7, 7, 8, 9].map((value) => [value, value, value]));
  for (const isLittleEndian of [true, false]) {
    const words = new DataView(new ArrayBuffer(RGB8.length * 2));
    RGB8.forEach((value, i) => {
      const left = i % 9 < 3 ? 0 : RGB8[i - 3]! * 257;
      words.setUint16(i * 2, value * 257 - left, isLittleEndian);
    });
    const deflated = deflateSync(new Uint8Array(words.buffer));
    const tags = size(2, [16, 16, 16], [[259, "short", [8]], [317, "short", [2]]]);
    assertColors(await read(writeTiff(tags, [deflated], isLittleEndian)), COLORS);
  }
});

Deno.test("decodeImage() reads bilevel, palette, CMYK and alpha of TIFF", async () => {
  const black = [0, 0, 0];
  const white = [255, 255, 255];
  // Without BitsPerSample there is one bit.
  const bilevel = size(0, [1]).filter(([tag]) => tag !== 258 && tag !== 277);
  const bits = [Uint8Array.of(0b10100000, 0b01000000)];
  const expected = [black, white, black, white, black, white];
  assertColors(await read(writeTiff(bilevel, bits)), expected);
  const reversed = [...bilevel, [266, "short", [2]] as const];
  assertColors(await read(writeTiff(reversed, [Uint8Array.of(0b101, 0b10)])), expected);
  const map = [0, 1, 2].flatMap((c) =>
    Array.from({ length: 16 }, (_, i) => (COLORS[i]?.[c] ?? 0) * 257)
  );
  const palette = size(3, [4], [[320, "short", map]]);
  assertColors(await read(writeTiff(palette, [Uint8Array.of(0x01, 0x20, 0x34, 0x50)])), COLORS);
  const cmyk = size(5, [8, 8, 8, 8]);
  const inks = [[0, 255, 255, 0], [255, 0, 255, 0], [255, 255, 0, 0], [0, 0, 0, 255], [0, 0, 0, 0]];
  const mixed = await read(writeTiff(cmyk, [Uint8Array.from([...inks, [0, 0, 0, 55]].flat())]));
  assertColors(mixed, [...COLORS.slice(0, 3), black, white, [200, 200, 200]]);
  const alpha = (kind: number) => size(2, [8, 8, 8, 8], [[338, "short", [kind]]]);
  const pixels = Uint8Array.from(COLORS.flatMap(() => [50, 100, 0, 100]));
  assertColors(await read(writeTiff(alpha(2), [pixels])), COLORS.map(() => [50, 100, 0, 100]));
  assertColors(await read(writeTiff(alpha(1), [pixels])), COLORS.map(() => [128, 255, 0, 100]));
  assertColors(await read(writeTiff(alpha(0), [pixels])), COLORS.map(() => [50, 100, 0]));
});

Deno.test("decodeImage() reads CMYK, JPEG and group 4 TIFF as programs write them", async () => {
  for (const [file, tolerance] of [["cmyk.tif", 0], ["jpegtif.tif", 3]] as const) {
    const image = await read(await fixture(file));
    assert.deepEqual([image.height, image.width], [64, 96]);
    const corner = (
      y: number,
      x: number,
    ) => [...image.data.subarray((y * 96 + x) * 4, (y * 96 + x) * 4 + 3)];
    const corners = [corner(0, 0), corner(0, 95), corner(63, 0), corner(63, 95), corner(32, 48)];
    const expected = [
      ...[[220, 30, 30], [30, 180, 60], [40, 60, 220], [240, 220, 40], [255, 255, 255]],
    ];
    corners.flat().forEach((value, i) =>
      assert(Math.abs(value - expected.flat()[i]!) <= tolerance, `${file}: ${corners}`)
    );
  }
  const fax = await read(await fixture("g4.tif"));
  const values = new Set(fax.data.filter((_, i) => i % 4 === 0));
  assert.deepEqual([...values].sort(), [0, 255]);
  // The white disc in the middle.
  const middle = Array.from({ length: 9 }, (_, x) => fax.data[(32 * 96 + 44 + x) * 4]);
  assert.deepEqual(middle, new Array(9).fill(255));
});

Deno.test("decodeImage() says which TIFF it cannot read, and unpacks no more than it must", async () => {
  const huge = deflateSync(new Uint8Array(2 ** 24));
  const deflated: TiffTag[] = [[259, "short", [8]]];
  const cases: [bytes: Uint8Array, expected: RegExp][] = [
    [writeTiff(size(1, [8], deflated), [huge]), /compressed pixels are damaged or too many$/],
    [writeTiff(size(1, [8]), [new Uint8Array(5)]), /its pixels end early$/],
    [writeTiff(size(1, [32]), [new Uint8Array(24)]), /not supported: integer, 32 bits$/],
    [writeTiff(size(8, [8]), [new Uint8Array(6)]), /not supported: photometric 8$/],
    [writeTiff(size(1, [8], [[259, "short", [9]]]), [RGB8]), /compression is not supported/],
    [
      writeTiff(size(1, [8], [[322, "long", [65535]], [323, "long", [65535]]]), [RGB8]),
      /at most 67108864 pixels, got 65535x65535$/,
    ],
    [
      writeTiff(size(1, [8], [[322, "long", [2]]]), [RGB8]),
      /its size is 0x2 pixels$/,
    ],
  ];
  for (const [bytes, expected] of cases) await assert.rejects(read(bytes), expected);
});

Deno.test("decodeImage() counts the pages of a TIFF, even of one whose pages form a circle", async () => {
  const bytes = writeTiff(size(2, [8, 8, 8]), [RGB8]);
  const view = new DataView(bytes.buffer);
  const start = view.getUint32(4, true);
  view.setUint32(start + 2 + view.getUint16(start, true) * 12, start, true);
  assertColors(await read(bytes), COLORS);
});

async function fixture(file: string): Promise<Uint8Array> {
  return await Deno.readFile(new URL(`../../fixtures/images/${file}`, import.meta.url));
}

Deno.test("decodeImage() reads fax data of TIFF of all kinds", async () => {
  // Two rows of 3 white, 2 black and 3 white pixels. Source of the codes: ITU-T T.4, tables 2 to 4.
  const [white3, black2, vertical0, horizontal] = ["1000", "11", "1", "001"];
  const row = white3 + black2 + white3;
  const end = "000000000001";
  const kinds: [scheme: number, options: number, bits: string][] = [
    [2, 0, `${row.padEnd(16, "0")}${row}`],
    [3, 0, end + row + "0000" + end + row],
    [3, 1, `${end}1${row}${end}0${vertical0.repeat(3)}`],
    [4, 0, horizontal + white3 + black2 + vertical0 + vertical0.repeat(3)],
  ];
  const expected = [..."00011000".repeat(2)].flatMap((bit) => bit === "1" ? [0] : [255]);
  for (const [scheme, options, bits] of kinds) {
    for (const fillOrder of [1, 2]) {
      const bytes = bits.match(/.{1,8}/g)!.map((eight) => {
        const padded = eight.padEnd(8, "0");
        return parseInt(fillOrder === 2 ? [...padded].reverse().join("") : padded, 2);
      });
      const file = writeTiff([
        ...[[256, "short", [8]], [257, "short", [2]], [259, "short", [scheme]]] as const,
        ...[[262, "short", [0]], [266, "short", [fillOrder]], [292, "long", [options]]] as const,
      ], [Uint8Array.from(bytes)]);
      const image = await read(file);
      assert.deepEqual(
        [...image.data].filter((_, i) => i % 4 === 0),
        expected,
        `${scheme} ${bits}`,
      );
    }
  }
});
