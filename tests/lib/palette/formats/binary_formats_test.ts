import assert from "node:assert/strict";
import { encodeIndexedPng, encodePng } from "../../../../lib/image/encode_png.ts";
import { Image } from "../../../../lib/image/image.ts";
import { ACT } from "../../../../lib/palette/formats/act.ts";
import { Palette } from "../../../../lib/palette/palette.ts";
import { PaletteError } from "../../../../lib/palette/palette_format.ts";
import {
  isSearchedPaletteFile,
  parsePalette,
} from "../../../../lib/palette/formats/palette_formats.ts";

const TWO = new Palette("two", Uint8Array.of(1, 2, 3, 250, 0, 9));

function refuses(bytes: Uint8Array, file: string, expected: RegExp): void {
  assert.throws(() => parsePalette(bytes, file), (error: Error) => {
    assert(error instanceof PaletteError, String(error));
    assert.match(error.message, expected);
    return true;
  });
}

Deno.test("ACT is read with and without a number of colors, and drops the transparent one", () => {
  const bytes = ACT.write!(TWO) as Uint8Array<ArrayBuffer>;
  assert.equal(bytes.length, 772);
  assert.equal(parsePalette(bytes, "a.act").toHexText(), "010203\nfa0009\n");
  assert.equal(parsePalette(bytes.subarray(0, 768), "a.act").size, 256);
  new DataView(bytes.buffer).setUint16(770, 0);
  const palette = parsePalette(bytes, "a.act");
  assert.equal(palette.toHexText(), "fa0009\n");
  assert.match(palette.notes[0]!, /transparent color, number 1, is left out/);
  refuses(bytes.subarray(0, 700), "a.act", /expected an Adobe color table of 768 or 772 bytes/);
  const many = new Palette("many", new Uint8Array(257 * 3));
  assert.throws(() => ACT.write!(many), /at most 256 colors, got 257/);
});

Deno.test("A PNG image is a palette of its colors, in the order of its rows", () => {
  const size = { height: 2, width: 3 };
  const picture = encodeIndexedPng(size, [1, 1, 0, 0, 1, 0], TWO.colors);
  assert.equal(parsePalette(picture, "strip.png").toHexText(), "fa0009\n010203\n");
  const image = Image.fromIndices(size, [1, 1, 0, 0, 1, 0], TWO.colors);
  for (const pixel of [0, 1, 4]) image.data[pixel * 4 + 3] = 0;
  assert.equal(parsePalette(encodePng(image), "x").toHexText(), "010203\n", "alpha 0 is no color");
  const photo = new Image({ height: 80, width: 80 });
  for (let i = 0; i < 6400; i++) photo.data.set([i & 255, i >> 8, 0, 255], i * 4);
  refuses(encodePng(photo), "photo.png", /at most 4096 colors, got more/);
  refuses(picture.subarray(0, 40), "cut.png", /the PNG image cannot be read: it ends early/);
});

Deno.test("Adobe swatches in Lab and files that end early are refused", async () => {
  const file = new URL("../../../fixtures/palettes/swatches.ase", import.meta.url);
  const bytes = await Deno.readFile(file);
  assert.match(parsePalette(bytes, "a.ase").notes[0]!, /CMYK colors are converted without a color/);
  for (let end = 12; end < bytes.length - 8; end++) {
    refuses(bytes.subarray(0, end), "a.ase", /ends early|expected colors/);
  }
  const lab = bytes.slice();
  lab.set(new TextEncoder().encode("LAB "), bytes.indexOf("C".charCodeAt(0)));
  refuses(lab, "a.ase", /expected colors in RGB, CMYK or gray, got LAB/);
});

Deno.test("The palette of a sprite of Aseprite is read, in its new and its old form", () => {
  const color = (...rgba: number[]) => [0, 0, ...rgba];
  const chunk = (type: number, data: readonly number[]) => {
    const length = data.length + 6;
    return [length & 255, length >> 8, 0, 0, type & 255, type >> 8, ...data];
  };
  const sprite = (...chunks: number[][]) => {
    const bytes = new Uint8Array(144 + chunks.flat().length);
    const view = new DataView(bytes.buffer);
    view.setUint16(4, 0xa5e0, true);
    view.setUint16(132, 0xf1fa, true);
    view.setUint32(140, chunks.length, true);
    bytes.set(chunks.flat(), 144);
    return bytes;
  };
  const long = (value: number) => [value, 0, 0, 0];
  const named = [1, 0, 9, 8, 7, 255, 1, 0, 65];
  const header = [...long(3), ...long(0), ...long(2), ...long(0), ...long(0)];
  const modern = chunk(0x2019, [...header, ...color(1, 2, 3, 0), ...named, ...color(4, 5, 6, 128)]);
  const old = chunk(0x0011, [1, 0, 0, 2, 63, 0, 0, 0, 63, 32]);
  const both = parsePalette(sprite(old, modern), "a.aseprite");
  assert.equal(both.toHexText(), "090807\n040506\n");
  assert.match(both.notes[0]!, /alpha of its colors is left out/);
  assert.equal(parsePalette(sprite(old), "a.aseprite").toHexText(), "ff0000\n00ff82\n");
  refuses(sprite(), "a.aseprite", /expected colors, got none/);
  refuses(sprite(modern).subarray(0, 170), "a.aseprite", /ends early/);
});

Deno.test("A folder is searched for files that can be nothing but palettes", () => {
  const files = ["a.hex", "a.GPL", "a.pal", "a.act", "a.ase", "a.png", "a.txt", "a.aseprite", "a"];
  assert.deepEqual(files.filter(isSearchedPaletteFile), files.slice(0, 5));
});
