import assert from "node:assert/strict";
import { HEX, parseHex } from "../../../../lib/palette/formats/hex.ts";
import { PaletteError } from "../../../../lib/palette/palette_format.ts";
import { paletteWarnings } from "../../../../lib/palette/palette.ts";

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
    ["000000 12345g", 'line 1: expected a color as RRGGBB, got "12345g"'],
    ["red ff0000", 'line 1: expected a color as RRGGBB, got "red ff0000"'],
    ["#12345", 'got "#12345"'],
    ["\x1b[2J\u202eff0000", 'got "\\u001b[2J\\u202eff0000"'],
    [`${"a".repeat(90)}`, `got "${"a".repeat(40)}…"`],
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

Deno.test("parseHex() takes short colors, alpha, lists, comments and prefixes, and notes losses", () => {
  const cases: [text: string, colors: string, notes: RegExp[]][] = [
    ["#fff\n#000\n#f00", "ffffff 000000 ff0000", []],
    ["#0f380fff\n#306230ff", "0f380f 306230", [/alpha of 2 colors is left out/]],
    ["#f008", "ff0000", [/alpha of 1 color is left out/]],
    ["0xff0f380f", "0f380f", [/alpha of 1 color/]],
    ["0x0f380f\n0X306230", "0f380f 306230", []],
    ["0f380f 306230 8bac0f\t9bbc0f", "0f380f 306230 8bac0f 9bbc0f", []],
    ["0f380f, #306230,8bac0f,", "0f380f 306230 8bac0f", []],
    ["0f380f;306230", "0f380f 306230", []],
    ["0f380f ; darkest\n306230 // dark\n8bac0f # light", "0f380f 306230 8bac0f", []],
    ["# a comment\n#\n#Palette Name: x\n000000", "000000", []],
    ["ff0000 red\n0000ff", "ff0000 0000ff", [/words behind colors are ignored, such as "red"/]],
    ["000000\nffffff\x1a", "000000 ffffff", []],
  ];
  for (const [text, colors, notes] of cases) {
    const palette = parseHex(text, "mine");
    assert.equal(palette.toHexText().trim().replaceAll("\n", " "), colors, text);
    assert.equal(palette.notes.length, notes.length, text);
    notes.forEach((note, i) => assert.match(palette.notes[i]!, note));
    assert.deepEqual(paletteWarnings(palette).slice(0, notes.length), palette.notes);
  }
});

Deno.test("HEX reads UTF-16 and UTF-8 with a byte order mark", () => {
  const text = "000000\r\n#1a1c2c\r\n";
  const little = new Uint8Array(Uint16Array.from(`\ufeff${text}`, (c) => c.charCodeAt(0)).buffer);
  const big = little.map((_, i) => little[i ^ 1]!);
  const mark = new TextEncoder().encode(`\ufeff${text}`);
  for (const bytes of [little, little.slice(2), big, big.slice(2), mark]) {
    assert.equal(HEX.read(bytes, "mine").toHexText(), "000000\n1a1c2c\n");
  }
});

Deno.test("parseHex() refuses endless lists in one sentence", () => {
  assert.throws(
    () => parseHex("000000\n".repeat(100_000), "long"),
    /at most 65536 lines, got more$/,
  );
  assert.throws(() => parseHex("000000 ".repeat(4097), "long"), /at most 4096 colors, got more$/);
  assert.equal(parseHex("000000\n".repeat(4096), "long").size, 4096);
});
