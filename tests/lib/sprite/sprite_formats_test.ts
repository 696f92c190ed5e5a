import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Parser } from "./ase_parser.ts";
import type { IndexedPicture } from "../../../lib/finish/indexed_picture.ts";
import { decodeImage } from "../../../lib/image/formats/decode_image.ts";
import { Palette } from "../../../lib/palette/palette.ts";
import { parsePalette } from "../../../lib/palette/formats/palette_formats.ts";
import { ASEPRITE } from "../../../lib/sprite/formats/aseprite.ts";
import { encodeIndexedPicture } from "../../../lib/sprite/formats/png_sprite.ts";
import { SVG } from "../../../lib/sprite/formats/svg.ts";
import { readPicture } from "../../../lib/sprite/read_picture.ts";
import { SpriteError } from "../../../lib/sprite/sprite.ts";

const FOUR = new Palette("four", Uint8Array.of(0, 0, 0, 200, 0, 0, 0, 200, 0, 9, 9, 255));

/** Reads a picture from digits; "." is transparent. */
function pictureOf(...rows: string[]): IndexedPicture {
  const indices = Uint32Array.from(rows.join(""), (c) => c === "." ? FOUR.size : Number(c));
  return { height: rows.length, width: rows[0]!.length, palette: FOUR, indices };
}

/** Holes, a ring, pixels that touch at corners, and a color that is not used. */
const RINGS = pictureOf("00000.", "01110.", "01210.", "01110.", "00000.", "2.2.2.", ".2.2.2");
const OPAQUE = pictureOf("0123", "3210");

Deno.test("an independent reader of .aseprite finds the same pixels, palette, layers and tags", () => {
  for (const picture of [RINGS, OPAQUE]) {
    for (const layers of [false, true]) {
      const tags = [{ name: "walk", from: 0, to: 1 }];
      const sprite = { frames: [picture, picture], tags, duration: 120 };
      const bytes = ASEPRITE.encode(sprite, { layers }) as Uint8Array;
      const file = new Parser(Buffer.from(bytes), "test.aseprite");
      file.parse();
      assert.deepEqual([file.width, file.height, file.colorDepth], [
        picture.width,
        picture.height,
        8,
      ]);
      assert.deepEqual(file.tags.map(({ name, from, to }) => [name, from, to]), [["walk", 0, 1]]);
      assert.deepEqual(file.frames.map(({ frameDuration }) => frameDuration), [120, 120]);
      assert.equal(file.layers.length, layers ? 4 : 1);
      assert.equal(file.layers[0]!.flags.background, !layers && picture === OPAQUE);
      const shown = new Uint32Array(picture.indices.length).fill(FOUR.size);
      for (const { rawCelData } of file.frames[1]!.cels) {
        // Layers lie above each other; the transparent index shows what is below.
        for (const [i, index] of rawCelData.entries()) if (index < FOUR.size) shown[i] = index;
      }
      assert.deepEqual(shown, picture.indices);
      assert.equal(parsePalette(bytes, "a.aseprite").toHexText(), FOUR.toHexText());
    }
  }
});

Deno.test("ASEPRITE refuses what 256 entries cannot hold, and frames that differ", () => {
  const many = new Palette("many", new Uint8Array(256 * 3));
  const opaque = { height: 1, width: 1, palette: many, indices: Uint32Array.of(0) };
  assert((ASEPRITE.encode({ frames: [opaque] }) as Uint8Array).length > 128);
  const clear = { ...opaque, indices: Uint32Array.of(256) };
  const refuse = (encode: () => unknown, expected: RegExp) =>
    assert.throws(encode, (error: Error) => {
      assert(error instanceof SpriteError);
      assert.match(error.message, expected);
      return true;
    });
  refuse(
    () => ASEPRITE.encode({ frames: [clear] }),
    /at most 256 colors, got 256 and a transparent/,
  );
  refuse(() => ASEPRITE.encode({ frames: [] }), /expected a frame, got none/);
  refuse(() => ASEPRITE.encode({ frames: [RINGS, OPAQUE] }), /frames of one size and palette/);
});

/** Fills the paths of our SVG by the winding numbers of their pixels' centers. */
function rasterize(svg: string, { height, width }: IndexedPicture): string[] {
  const pixels = new Array<string>(height * width).fill("none");
  for (const [, fill, path] of svg.matchAll(/<path fill="(#\w{6})" d="([^"]*)"\/>/g)) {
    const windings = new Int32Array(height * width);
    for (const contour of path!.split("z").filter((text) => text !== "")) {
      const [, x0, y0, rest] = /^M(\d+) (\d+)(.*)$/.exec(contour)!;
      let [x, y] = [Number(x0), Number(y0)];
      const vertical = (from: number, to: number) => {
        for (let row = Math.min(from, to); row < Math.max(from, to); row++) {
          for (let column = x; column < width; column++) {
            windings[row * width + column]! += to > from ? -1 : 1;
          }
        }
      };
      for (const [, kind, value] of rest!.matchAll(/([hv])(-?\d+)/g)) {
        if (kind === "h") x += Number(value);
        else {
          vertical(y, y + Number(value));
          y += Number(value);
        }
      }
      // Closing draws the last line.
      assert(x === Number(x0) || y === Number(y0), "contours are closed along an axis");
      if (x === Number(x0)) vertical(y, Number(y0));
    }
    for (const [i, winding] of windings.entries()) {
      assert([0, 1].includes(Math.abs(winding)), "both fill rules give the same area");
      if (winding === 0) continue;
      assert.equal(pixels[i], "none", "colors do not overlap");
      pixels[i] = fill!;
    }
  }
  return pixels;
}

Deno.test("SVG has one path a color, which covers its pixels and no others", () => {
  for (const picture of [RINGS, OPAQUE]) {
    const svg = SVG.encode({ frames: [picture] }, { factor: 8 }) as string;
    const colors = new Set(picture.indices.filter((k) => k < FOUR.size));
    assert.equal(svg.match(/<path/g)!.length, colors.size);
    assert.match(svg, new RegExp(`width="${picture.width * 8}" height="${picture.height * 8}"`));
    const wanted = Array.from(
      picture.indices,
      (k) => k === FOUR.size ? "none" : `#${FOUR.hexAt(k)}`,
    );
    assert.deepEqual(rasterize(svg, picture), wanted);
  }
  const square = SVG.encode({ frames: [pictureOf("11", "11")] }) as string;
  assert.match(square, /d="M0 0h2v2h-2z"/, "areas are merged");
});

Deno.test("readPicture() keeps the palette of an indexed PNG, and refuses photos", async () => {
  for (const picture of [RINGS, OPAQUE]) {
    const read = await readPicture(encodeIndexedPicture(picture), "folder/a.png");
    assert.equal(read.palette.toHexText(), FOUR.toHexText());
    assert.deepEqual(read.indices, picture.indices);
    const large = await decodeImage(encodeIndexedPicture(picture, 3));
    assert.deepEqual([large.height, large.width], [picture.height * 3, picture.width * 3]);
  }
  const many = new Palette(
    "many",
    Uint8Array.from({ length: 900 }, (_, i) => i % 3 ? i & 255 : i >> 4),
  );
  const photo = {
    height: 1,
    width: 300,
    palette: many,
    indices: Uint32Array.from({ length: 300 }, (_, i) => i),
  };
  await assert.rejects(
    readPicture(encodeIndexedPicture(photo), "photo.png"),
    /Cannot read "photo.png" as a picture: expected at most 256 colors/,
  );
});
