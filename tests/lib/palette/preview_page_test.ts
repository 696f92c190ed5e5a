import assert from "node:assert/strict";
import { latticePalette } from "../../../lib/palette/lattice.ts";
import { parseHex } from "../../../lib/palette/formats/hex.ts";
import { palettePage } from "../../../lib/palette/preview_page.ts";

const palette = parseHex("ff0010\n00ff20\n0000ff", `<b>"three" & co`);

Deno.test("palettePage() shows names, counts, credits, warnings and digits, and nothing foreign", () => {
  const page = palettePage([
    {
      palette,
      note: "by me, https://example.org/a-b/c",
      warnings: ["beware <of> it"],
      order: [2, 0, 1],
    },
    { palette: latticePalette(5) },
  ]);
  for (
    const text of [
      "<h2>&#60;b&#62;&#34;three&#34; &#38; co <small>3 colors</small></h2>",
      'by me, <a href="https://example.org/a-b/c">https://example.org/a-b/c</a>',
      '<p class="warning">beware &#60;of&#62; it</p>',
      "<small>125 colors</small>",
      '<a href="#p1">5_5_5_lattice</a>',
    ]
  ) assert(page.includes(text), text);
  const digits = [...page.matchAll(/background:#(\w{6})" title="color (\d+)"/g)];
  assert.deepEqual(digits.slice(0, 3).map((match) => match.slice(1)), [
    ["0000ff", "2"],
    ["ff0010", "0"],
    ["00ff20", "1"],
  ]);
  assert.equal(digits.length, 128);
  assert(!/<script|<link|<img|@import|url\(|<b>/.test(page));
});

Deno.test("palettePage() closes every element that it opens", () => {
  const page = palettePage([{ palette, note: "x" }, { palette }]);
  const open: string[] = [];
  for (const [, slash, name] of page.matchAll(/<(\/?)([a-z]\w*)[^>]*>/g)) {
    if (name === "meta") continue;
    if (slash) assert.equal(open.pop(), name);
    else open.push(name!);
  }
  assert.deepEqual(open, []);
});
