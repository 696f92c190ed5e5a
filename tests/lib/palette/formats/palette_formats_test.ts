import assert from "node:assert/strict";
import { PaletteError } from "../../../../lib/palette/palette_format.ts";
import {
  PALETTE_FILE,
  PALETTE_FORMATS,
  paletteName,
  parsePalette,
} from "../../../../lib/palette/formats/palette_formats.ts";
import { Palette } from "../../../../lib/palette/palette.ts";

const FIXTURES = new URL("../../../fixtures/palettes/", import.meta.url);

Deno.test("parsePalette() reads what a format writes", () => {
  const duplicated = Uint8Array.of(0, 51, 255, 10, 0, 0, 0, 51, 255);
  for (const { extensions, write } of PALETTE_FORMATS) {
    if (write === undefined) continue;
    // The colors of an image are a set.
    const colors = extensions[0] === ".png" ? duplicated.subarray(0, 6) : duplicated;
    const again = parsePalette(write(new Palette("mine", colors)), `folder/mine${extensions[0]}`);
    assert.equal(again.name, "mine");
    assert.deepEqual(again.colors, colors, extensions[0]!);
    assert.deepEqual(again.notes, []);
  }
});

Deno.test("parsePalette() recognizes a format by its first bytes, whatever its name is", () => {
  const gpl = "\ufeffGIMP Palette\r\nName: Mine\r\n#\r\n255 0 0\r\n";
  for (const name of ["x.gpl", "x.hex", "x.txt", "x"]) {
    assert.equal(parsePalette(gpl, name).toHexText(), "ff0000\n");
  }
  assert.equal(parsePalette("ff0000", "x.txt").size, 1, "a list of colors if nothing else fits");
});

Deno.test("parsePalette() names files of other kinds", () => {
  const cases: [content: string | Uint8Array, expected: string][] = [
    ["<!DOCTYPE html>", "got HTML or XML"],
    ["GIF89a", "got a GIF image"],
    [Uint8Array.of(1, 2, 3, 4), "got no text"],
  ];
  for (const [content, expected] of cases) {
    assert.throws(() => parsePalette(content, "mine.hex"), (error: Error) => {
      assert(error instanceof PaletteError);
      assert.equal(
        error.message,
        `Cannot read palette "mine": expected a ${PALETTE_FILE}, ${expected}`,
      );
      return true;
    });
  }
  assert.throws(() => parsePalette(new Uint8Array(2 ** 20 + 1), "x"), /at most 1048576 bytes/);
});

Deno.test("parsePalette() reads files as programs write them", async () => {
  const cases: [file: string, colors: string][] = [
    ["gimp.gpl", "000000 ffffff be2633 44891a"],
    ["gimp_bom.gpl", "ff0000"],
    ["jasc.pal", "0f380f 306230 8bac0f 9bbc0f"],
    ["riff.pal", "0f380f 306230 8bac0f 9bbc0f"],
    ["paint_net.txt", "0f380f 306230 8bac0f 9bbc0f"],
    ["swatches.ase", "ff0000 808080 0f380f"],
    ["ox.hex", "0f380f 306230"],
    ["rgba8.hex", "0f380f 306230"],
    ["space.hex", "0f380f 306230 8bac0f 9bbc0f"],
    ["three.hex", "ffffff 000000 ff0000"],
    ["trailing.hex", "0f380f 306230"],
  ];
  for (const [file, colors] of cases) {
    const palette = parsePalette(await Deno.readFile(new URL(file, FIXTURES)), file);
    assert.equal(palette.toHexText().trim().replaceAll("\n", " "), colors, file);
  }
});

Deno.test("GPL takes tabs, names and headers, and tells of alpha and wrong lines", () => {
  const text =
    "GIMP Palette\nChannels: RGBA\nColumns: 4\n#\n255\t0\t0\t128\tred 1\n\n 1 2  3 255 x\n";
  const palette = parsePalette(text, "a.gpl");
  assert.equal(palette.toHexText(), "ff0000\n010203\n");
  assert.match(palette.notes[0]!, /alpha of its colors is left out/);
  const cases: [text: string, expected: RegExp][] = [
    ["GIMP Palette\n256 0 0", /line 2: expected red, green and blue from 0 to 255, got "256 0 0"/],
    ["GIMP Palette\n1 2", /line 2: .* got "1 2"/],
    ["GIMP Palette\n# nothing", /expected colors, got none/],
    ["ff0000", /line 1: expected "GIMP Palette", got "ff0000"/],
    [`GIMP Palette\n${"1 2 3\n".repeat(4097)}`, /at most 4096 colors/],
  ];
  for (const [wrong, expected] of cases) {
    assert.throws(() => parsePalette(wrong, "a.gpl"), expected);
  }
});

Deno.test("paletteName() drops the folder and known extensions", () => {
  const names = ["a/b.c/mine.HEX", "C:\\x\\mine.gpl", "mine.txt", "mine"].map(paletteName);
  assert.deepEqual(names, ["mine", "mine", "mine", "mine"]);
});
