import assert from "node:assert/strict";
import { PaletteError, parseHex } from "../../../lib/palette/parse_hex.ts";
import { duplicateColors, Palette, paletteWarnings } from "../../../lib/palette/palette.ts";

Deno.test("parseHex() takes the spellings that are around", () => {
  const text = "\ufeff; a comment\r\n// another\r\n1A1C2C\r\n\r\n  #5d275d  \t\r\nb13E53 \n\n\n";
  const palette = parseHex(text, "mine");
  assert.equal(palette.name, "mine");
  assert.equal(palette.toHexText(), "1a1c2c\n5d275d\nb13e53\n");
  assert.deepEqual(palette.at(1), [0x5d, 0x27, 0x5d]);
  assert.equal(parseHex("000000\rffffff", "old Mac").size, 2);
  assert.equal(parseHex(palette.toHexText(), "again").toHexText(), palette.toHexText());
});

Deno.test("parseHex() names the line that is no color", () => {
  const cases: [string, string][] = [
    ["", "expected one color a line, got an empty file"],
    ["\r\n \r\n; only a comment", "got an empty file"],
    ["000000\r\n\r\n12345g\r\n", 'line 3: expected a color as RRGGBB, got "12345g"'],
    ["fff", 'line 1: expected a color as RRGGBB, got "fff"'],
    ["000000 ffffff", 'line 1: expected a color as RRGGBB, got "000000 ffffff"'],
    ["ff00ff80", 'got "ff00ff80"'],
    [`${"a".repeat(90)}`, `got "${"a".repeat(40)}…"`],
    ["JASC-PAL\r\n0100\r\n", "expected a .hex file, got a JASC palette (.pal)"],
    ["GIMP Palette\nName: x", "got a GIMP palette (.gpl)"],
    ["<!DOCTYPE html>", "got HTML or XML"],
  ];
  for (const [text, expected] of cases) {
    assert.throws(() => parseHex(text, "mine.hex"), (error: Error) => {
      assert(error instanceof PaletteError);
      assert(error.message.startsWith('Cannot read palette "mine.hex": '));
      assert(error.message.endsWith(expected), error.message);
      return true;
    });
  }
});

Deno.test("Palette gives bytes, floats and texts of its colors", () => {
  const palette = new Palette("three", Uint8Array.of(0, 51, 255, 10, 0, 0, 0, 51, 255));
  assert.equal(palette.size, 3);
  assert.deepEqual(palette.toFloats().slice(0, 3), Float32Array.of(0, 0.2, 1));
  assert.equal(palette.hexAt(1), "0a0000");
  assert.throws(() => palette.at(3), /Cannot find color 3: palette "three" has 3 colors/);
  assert.throws(() => new Palette("none", new Uint8Array()), /three bytes a color, got 0 bytes/);
  assert.deepEqual(duplicateColors(palette), [{ first: 0, second: 2 }]);
  assert.deepEqual(paletteWarnings(palette), [
    'Palette "three" holds #0033ff twice, as colors 1 and 3',
  ]);
  const single = new Palette("one", Uint8Array.of(1, 2, 3));
  assert.deepEqual(paletteWarnings(single).length, 1);
});
