import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { CRAFTS } from "../../../../lib/craft/craft.ts";
import { createPattern } from "../../../../lib/craft/create_pattern.ts";
import { encodePattern } from "../../../../lib/craft/formats/craft_formats.ts";
import { matchMaterials } from "../../../../lib/craft/match_materials.ts";
import { builtInPalettes } from "../../../../lib/palette/formats/built_in_palettes.ts";
import { readPicture } from "../../../../lib/sprite/read_picture.ts";
import { diagonals } from "../patterns.ts";

const FIXTURES = new URL("../../../fixtures/", import.meta.url);
const EMBROIDERY = CRAFTS.find(({ name }) => name === "embroidery")!;
const MACHINES = [".dst", ".exp", ".pes", ".jef", ".vp3"];

interface Reading {
  readonly colors: readonly string[];
  readonly blocks: readonly { readonly points: readonly number[]; readonly trims: number }[];
}

async function slime() {
  const bytes = await Deno.readFile(new URL("images/slime.png", FIXTURES));
  const brother = builtInPalettes().find(({ name }) => name === "brother")!.load();
  const { picture } = matchMaterials(await readPicture(bytes, "slime.png"), brother);
  return createPattern(EMBROIDERY, picture, { title: "slime" });
}

Deno.test("pyembroidery reads the stitches that were meant from five formats", async () => {
  const pattern = await slime();
  const files = await encodePattern(pattern, { paper: "a4" });
  const readings: Record<string, Reading> = JSON.parse(
    await Deno.readTextFile(new URL("embroidery/readings.json", FIXTURES)),
  );
  const [hoop, ...others] = pattern.hoops;
  assert.equal(others.length, 0);
  const meant = hoop!.blocks.map(({ commands }) =>
    commands.flatMap((command) => command.kind === "stitch" ? [command.x, command.y] : [])
  );
  for (const ending of MACHINES) {
    const { content } = files.find((file) => file.ending === ending)!;
    const path = fileURLToPath(new URL(`embroidery/slime_embroidery${ending}`, FIXTURES));
    // The readings are those of these very bytes; make them anew if a format changes on purpose.
    assert.deepEqual(content, await Deno.readFile(path), `${ending} is the file that was read`);
    const { blocks } = readings[ending]!;
    assert.deepEqual(blocks.map(({ points }) => points.length), meant.map(({ length }) => length));
    for (const [i, { points }] of blocks.entries()) {
      for (const [j, value] of points.entries()) {
        assert(Math.abs(value - meant[i]![j]!) <= 1, `${ending}: within 0.1 mm`);
      }
    }
  }
});

Deno.test("pyembroidery reads the trims and the colors that were meant", async () => {
  const readings: Record<string, Reading> = JSON.parse(
    await Deno.readTextFile(new URL("embroidery/readings.json", FIXTURES)),
  );
  const { hoops: [hoop], picture } = await slime();
  const trims = hoop!.blocks.map(({ commands }) =>
    commands.filter(({ kind }) => kind === "trim").length
  );
  // A PES file cuts with its next move; the machine cuts after the last stitch. Machines of .jef
  // cut before moves of a few millimeters by themselves.
  for (const ending of [".dst", ".exp", ".vp3"]) {
    assert.deepEqual(readings[ending]!.blocks.map((block) => block.trims), trims, ending);
  }
  const colors = hoop!.blocks.map(({ thread }) => picture.palette.hexAt(thread.index));
  for (const ending of [".pes", ".vp3", ".edr", ".inf"]) {
    assert.deepEqual(readings[ending]!.colors, colors, ending);
  }
  assert.equal(new Set(readings[".jef"]!.colors).size, colors.length, "threads of Janome differ");
});

Deno.test("a picture larger than a hoop has files for each hoop with stitches", async () => {
  const three = diagonals(3, 41);
  // Only empty cells in the second hoop's first rows would still leave it one stitched cell.
  const pattern = createPattern(EMBROIDERY, three, { title: "wide" });
  const files = await encodePattern(pattern, { paper: "a4" });
  const endings = files.map(({ ending }) => ending).filter((ending) => ending.endsWith(".dst"));
  assert.deepEqual(endings, ["_hoop_1_1.dst", "_hoop_1_2.dst"]);
  const header = new TextDecoder().decode((files.find(({ ending }) => ending === endings[1])!
    .content as Uint8Array).subarray(0, 512));
  assert.match(header, /^LA:wide {12}\rST: +\d+\rCO: {2}2\r\+X: +1\d\r/);
});
