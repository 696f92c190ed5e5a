import assert from "node:assert/strict";
import { builtInPalettes } from "../../../../lib/palette/formats/built_in_palettes.ts";
import { findPalette, UnknownPaletteError } from "../../../../lib/palette/formats/find_palette.ts";
import { latticePalette } from "../../../../lib/palette/lattice.ts";
import { paletteWarnings } from "../../../../lib/palette/palette.ts";
import { PaletteError } from "../../../../lib/palette/palette_format.ts";

Deno.test("builtInPalettes() are readable, have no color twice and grow", () => {
  const sizes = builtInPalettes().map((entry) => {
    const palette = entry.load();
    assert.equal(palette.name, entry.name);
    assert.deepEqual(paletteWarnings(palette), []);
    assert(entry.credit.length > 0);
    const size = /-(\d+)$/.exec(entry.name)?.[1];
    if (size !== undefined && !/^(pico|nintendo)/.test(entry.name)) {
      assert.equal(palette.size, Number(size), entry.name);
    }
    return palette.size;
  });
  const stored = sizes.slice(0, -18);
  assert.deepEqual(stored, [...stored].sort((a, b) => a - b));
  assert.deepEqual(sizes.slice(-18, -9), [8, 27, 64, 125, 216, 343, 512, 729, 1000]);
  assert.deepEqual(sizes.slice(-9), [30, 63, 78, 79, 100, 103, 190, 306, 454], "the materials");
});

Deno.test("latticePalette() has the colors of SD-piXL's files", () => {
  assert.equal(
    latticePalette(2).toHexText().split("\n").join(" "),
    [
      "000000 0000ff 00ff00 00ffff ff0000 ff00ff ffff00 ffffff ",
    ].join(),
  );
  assert.equal(latticePalette(3).toHexText().slice(0, 28), "000000\n00007f\n0000fe\n007f00\n");
  assert.throws(() => latticePalette(11), /expected 2 to 10 steps per channel, got 11/);
});

Deno.test("findPalette() finds built-in palettes however they are spelled", async () => {
  const cases = {
    "sweetie-16": "sweetie-16",
    "Sweetie 16": "sweetie-16",
    PICO8: "pico-8",
    "10_10_10_lattice": "10_10_10_lattice",
    "sweetie-16.hex": "sweetie-16",
    "assets/palettes/lospec/oil-6.hex": "oil-6",
    "assets\\palettes\\lospec\\neon-space.hex": "neon-space",
    "./assets/palettes/lattices/4_4_4_lattice.hex": "4_4_4_lattice",
  };
  for (const [typed, name] of Object.entries(cases)) {
    assert.equal((await findPalette(typed, () => Promise.resolve(undefined))).name, name);
    assert.equal((await findPalette(typed)).name, name);
  }
});

Deno.test("findPalette() takes a file before a built-in palette when a path is given", async () => {
  const bytes = new TextEncoder().encode("123456\r\nabcdef\r\n");
  const readBytes = (path: string) =>
    Promise.resolve(path.includes("slowly") || path === "mine" ? bytes : undefined);
  const file = await findPalette("some/where/slowly.hex", readBytes);
  assert.deepEqual([file.name, file.size], ["slowly", 2]);
  assert.equal((await findPalette("slowly", readBytes)).size, 4, "a bare name is the built-in one");
  assert.equal((await findPalette("mine", readBytes)).size, 2);
});

Deno.test("findPalette() suggests what was meant", async () => {
  const cases: [string, string][] = [
    ["swetie-16", '; did you mean "sweetie-16"?'],
    ["sweetie", '; did you mean "sweetie-16"?'],
    ["endesga_23", '; did you mean "endesga-32"?'],
    ["folder/resurect-64.hex", '; did you mean "resurrect-64"?'],
  ];
  for (const [typed, expected] of cases) {
    await assert.rejects(findPalette(typed), (error: Error) => {
      assert(error instanceof UnknownPaletteError);
      assert(error.message.endsWith(expected), error.message);
      return true;
    });
  }
  await assert.rejects(findPalette("xyzzy"), /built in are 1-bit, slowly,.* n_n_n_lattice$/);
  await assert.rejects(findPalette(""), UnknownPaletteError);
  await assert.rejects(
    findPalette("a.hex", () => Promise.resolve(new TextEncoder().encode("oops"))),
    PaletteError,
  );
});
