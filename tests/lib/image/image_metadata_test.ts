import assert from "node:assert/strict";
import { deflateSync } from "node:zlib";
import { decodeImage } from "../../../lib/image/formats/decode_image.ts";
import { pngChunks } from "../../../lib/image/encode_png.ts";
import { Image } from "../../../lib/image/image.ts";
import { joinPngChunks, type PngChunk } from "../../../lib/image/png_chunks.ts";
import { writeIcc } from "../../support/write_icc.ts";
import { writeTiff } from "../../support/write_tiff.ts";

// Two rows and three columns, each with its own color, stored upright.
const SIZE = { height: 2, width: 3 };
const VALUES = [10, 20, 30, 40, 50, 60];

async function read(bytes: Uint8Array): Promise<{ image: Image; notes: string[] }> {
  const notes: string[] = [];
  const image = await decodeImage(bytes, { name: "x", onNote: (note) => notes.push(note) });
  return { image, notes };
}

async function fixture(file: string): Promise<Uint8Array> {
  return await Deno.readFile(new URL(`../../fixtures/images/${file}`, import.meta.url));
}

function png(image: Image, ...extra: PngChunk[]): Uint8Array<ArrayBuffer> {
  const [header, ...pixels] = pngChunks(image);
  return joinPngChunks([header!, ...extra, ...pixels]);
}

/** EXIF data with an orientation. */
function exif(orientation: number): Uint8Array {
  return writeTiff([[274, "short", [orientation]]], [Uint8Array.of(0)], orientation % 2 === 0);
}

// Rows of the upright image by orientation. Source: EXIF 2.32, tag 274, drawn by hand.
const UPRIGHT: Readonly<Record<number, readonly (readonly number[])[]>> = {
  1: [[10, 20, 30], [40, 50, 60]],
  2: [[30, 20, 10], [60, 50, 40]],
  3: [[60, 50, 40], [30, 20, 10]],
  4: [[40, 50, 60], [10, 20, 30]],
  5: [[10, 40], [20, 50], [30, 60]],
  6: [[40, 10], [50, 20], [60, 30]],
  7: [[60, 30], [50, 20], [40, 10]],
  8: [[30, 60], [20, 50], [10, 40]],
};

Deno.test("decodeImage() turns PNG and TIFF upright by all eight orientations", async () => {
  const grays = Image.fromFloats(SIZE, VALUES.flatMap((v) => [v / 255, v / 255, v / 255]));
  for (const [key, rows] of Object.entries(UPRIGHT)) {
    const orientation = Number(key);
    const files = [
      png(grays, { type: "eXIf", data: exif(orientation) }),
      writeTiff([
        ...[[256, "short", [3]], [257, "short", [2]], [258, "short", [8]]] as const,
        ...[[262, "short", [1]], [274, "short", [orientation]]] as const,
      ], [Uint8Array.from(VALUES)]),
    ];
    for (const file of files) {
      const { image } = await read(file);
      assert.deepEqual([image.height, image.width], [rows.length, rows[0]!.length], key);
      assert.deepEqual([...image.data].filter((_, i) => i % 4 === 0), rows.flat(), key);
    }
  }
});

Deno.test("decodeImage() turns a photo of each format upright", async () => {
  for (const file of ["exif6.png", "exif6.jpg", "exif6.webp"]) {
    const { image } = await read(await fixture(file));
    assert.deepEqual([image.height, image.width], [96, 64], file);
    // The blue corner at the bottom left comes to the top left.
    const [red, green, blue] = image.data;
    assert(blue! > 200 && red! < 60 && green! < 80, file);
  }
});

const RED = Image.filled(SIZE, [255, 0, 0]);
const MIXED = Image.filled(SIZE, [200, 100, 50]);

function iccp(profile: Uint8Array): PngChunk {
  return { type: "iCCP", data: Uint8Array.of(120, 0, 0, ...deflateSync(profile)) };
}

function firstColor(image: Image): number[] {
  return [...image.data.subarray(0, 4)];
}

Deno.test("decodeImage() converts ICC profiles of PNG and TIFF to sRGB, and keeps alpha", async () => {
  const swapped = writeIcc(true);
  const { image } = await read(png(RED, iccp(swapped)));
  const [red, green, blue, alpha] = firstColor(image);
  assert(red! < 3 && green! > 252 && blue! < 3 && alpha === 255, String(firstColor(image)));
  const tiff = writeTiff([
    ...[[256, "short", [1]], [257, "short", [1]], [258, "short", [8, 8, 8]]] as const,
    ...[[262, "short", [2]], [277, "short", [3]], [34675, "byte", [...swapped]]] as const,
  ], [Uint8Array.of(255, 0, 0)]);
  assert.deepEqual(firstColor((await read(tiff)).image), firstColor(image));
  const clear = new Image(SIZE, RED.data.map((value, i) => i % 4 === 3 ? 100 : value));
  assert.equal(firstColor((await read(png(clear, iccp(swapped)))).image)[3], 100);
});

Deno.test("decodeImage() ignores a profile that cannot be used, with a note", async () => {
  const { image, notes } = await read(png(MIXED, iccp(writeIcc(true).subarray(0, 90))));
  assert.deepEqual(firstColor(image), [200, 100, 50, 255]);
  assert.deepEqual(notes, ['Image "x": its color profile cannot be used and is ignored']);
  for (const file of ["gray8.jpg", "rgb_badicc.jpg"]) {
    assert.match((await read(await fixture(file))).notes[0]!, /color profile cannot be used/);
  }
});

function chunk(type: string, values: readonly number[]): PngChunk {
  const view = new DataView(new ArrayBuffer(values.length * 4));
  values.forEach((value, i) => view.setUint32(i * 4, value));
  return { type, data: new Uint8Array(view.buffer) };
}

Deno.test("decodeImage() obeys gAMA, cHRM and cICP of a PNG, in the order of browsers", async () => {
  const srgb = [31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000];
  const p3 = [31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000];
  const same: PngChunk[][] = [
    [chunk("gAMA", [45455])],
    [chunk("gAMA", [45455]), chunk("cHRM", srgb)],
    [{ type: "sRGB", data: Uint8Array.of(0) }, chunk("gAMA", [100_000])],
    [{ type: "cICP", data: Uint8Array.of(1, 13, 0, 1) }, chunk("gAMA", [100_000])],
  ];
  for (const chunks of same) {
    assert.deepEqual(firstColor((await read(png(MIXED, ...chunks))).image), [200, 100, 50, 255]);
  }
  // Linear light: 255 · (1.055 · (v / 255)^(1/2.4) - 0.055).
  const linear = await read(png(MIXED, chunk("gAMA", [100_000])));
  assert.deepEqual(firstColor(linear.image), [229, 168, 122, 255]);
  // Display P3 to sRGB, clipped; computed with the matrices of CSS Color 4, section 18.
  for (
    const chunks of [[chunk("cHRM", p3)], [{ type: "cICP", data: Uint8Array.of(12, 13, 0, 1) }]]
  ) {
    assert.deepEqual(firstColor((await read(png(MIXED, ...chunks))).image), [215, 93, 31, 255]);
  }
  const hdr = await read(png(MIXED, { type: "cICP", data: Uint8Array.of(9, 16, 0, 1) }));
  assert.deepEqual(firstColor(hdr.image), [200, 100, 50, 255]);
  assert.match(hdr.notes[0]!, /color profile cannot be used/);
});

Deno.test("decodeImage() keeps colors exactly under a profile of sRGB", async () => {
  const { image, notes } = await read(png(MIXED, iccp(writeIcc(false, "srgb"))));
  assert.deepEqual(firstColor(image), [200, 100, 50, 255]);
  assert.deepEqual(notes, []);
});

Deno.test("decodeImage() says that only the first frame is used", async () => {
  const { notes } = await read(await fixture("tiles_animated.gif"));
  assert.match(notes[0]!, /^Image "x": the first of its \d+ images is used$/);
  assert.deepEqual((await read(await fixture("tiles.gif"))).notes, []);
});
