import assert from "node:assert/strict";
import { builtInPalettes } from "../../../../lib/palette/formats/built_in_palettes.ts";
import { findPalette } from "../../../../lib/palette/formats/find_palette.ts";
import { parsePalette } from "../../../../lib/palette/formats/palette_formats.ts";
import { CSV } from "../../../../lib/palette/formats/csv.ts";
import { Palette } from "../../../../lib/palette/palette.ts";

Deno.test("a CSV palette keeps codes and names, in any order of columns", () => {
  const palette = parsePalette("Hex;stock;Name;Code\r\n#B4060E;3;Red;H05\r\n", "mine.csv");
  assert.deepEqual(palette.materials, [{ code: "H05", name: "Red" }]);
  assert.equal(palette.hexAt(0), "b4060e");
  assert.equal(palette.name, "mine");
  const again = parsePalette(CSV.write!(palette), "again.csv");
  assert.deepEqual(again.materials, palette.materials);
  const colors = parsePalette("hex,x\nffffff,1\n000000,2", "colors.csv");
  assert.deepEqual(colors.materialAt(1), { code: "2", name: "" });
  assert.equal(parsePalette("code,name,hex\na,b,ffffff", "no_extension").materialAt(0).code, "a");
  assert.equal(parsePalette("ffffff,000000", "list.csv").size, 2, "a list of colors");
});

Deno.test("a wrong CSV palette is told with its line", () => {
  const cases: [text: string, expected: RegExp][] = [
    ["code,name\na,b", /line 1: expected a header with the column hex.*got "code,name"/],
    ["code,name,hex\na,b,red", /line 2: expected a color as RRGGBB, got "red"/],
    ["code,name,hex\na,b", /line 2: expected a color as RRGGBB, got ""/],
    ["code,hex\na,ffffff\na,000000", /line 3: expected each code once, got "a" twice/],
    ['code,hex\n"a,ffffff', /line 2: expected a closing quote/],
    ["code,hex\n", /expected colors, got none/],
  ];
  for (const [text, expected] of cases) {
    assert.throws(() => parsePalette(text, "mine.csv"), expected, text);
  }
});

Deno.test("the built-in materials have codes and names", async () => {
  for (const name of ["hama", "perler", "artkal", "nabbi", "lego", "dmc"]) {
    const palette = await findPalette(name);
    assert.equal(palette.materials!.length, palette.size);
    assert(palette.materials!.every(({ code, name }) => code !== "" && name !== ""), name);
  }
  const hama = await findPalette("hama");
  const red = hama.materials!.findIndex(({ code }) => code === "H05");
  assert.deepEqual([hama.materialAt(red).name, hama.hexAt(red)], ["Red", "b4060e"]);
  assert.equal(
    builtInPalettes().find(({ name }) => name === "pico-8")!.load().materials,
    undefined,
  );
});

Deno.test("a palette has as many materials as colors", () => {
  assert.throws(
    () => new Palette("x", Uint8Array.of(1, 2, 3), [], []),
    /expected 1 materials, got 0/,
  );
});
