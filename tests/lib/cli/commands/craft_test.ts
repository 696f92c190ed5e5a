import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { craftCommand } from "../../../../lib/cli/commands/craft.ts";
import { encodePng } from "../../../../lib/image/encode_png.ts";
import { Image } from "../../../../lib/image/image.ts";
import { createTerminal } from "../../../../lib/report/terminal.ts";
import { parseCsv } from "../../../../lib/text/csv.ts";
import { inTemporaryFolder } from "../../../support/temporary_folder.ts";

const SLIME = fileURLToPath(new URL("../../../fixtures/images/slime.png", import.meta.url));

function recorded() {
  let text = "";
  const status = createTerminal({ print: (part) => void (text += part) });
  return { out: createTerminal({ print: () => {} }), status, text: () => text };
}

const list = (folder: string) => Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();

Deno.test("craft writes a pattern of a run and of an image", () =>
  inTemporaryFolder(async (root) => {
    const run = join(root, "my-run");
    await Deno.mkdir(run);
    await Deno.copyFile(SLIME, join(run, "final_argmax.png"));
    const output = join(root, "out");
    const terminals = recorded();
    await craftCommand("beads", run, { output }, terminals);
    await craftCommand("cross_stitch", SLIME, { output, fabricCount: "16" }, terminals);
    assert.deepEqual(list(output), [
      "my-run_beads.pdf",
      "my-run_beads_chart.png",
      "my-run_beads_materials.csv",
      "slime_cross-stitch.oxs",
      "slime_cross-stitch.pdf",
      "slime_cross-stitch_chart.png",
      "slime_cross-stitch_materials.csv",
    ]);
    assert.match(terminals.text(), /note: 6 of 6 colors became other materials of "hama"/);
    const csv = await Deno.readTextFile(join(output, "my-run_beads_materials.csv"));
    const counts = parseCsv(csv).slice(1).map(({ fields }) => Number(fields[3]));
    assert.equal(counts.reduce((sum, count) => sum + count, 0), 160, "opaque cells of the slime");
  }));

Deno.test("craft uses what the inventory has, and tells what is left", () =>
  inTemporaryFolder(async (root) => {
    const inventory = join(root, "mine.csv");
    await Deno.writeTextFile(inventory, "code,count\nH01,100\nH18,70\n");
    await craftCommand("beads", SLIME, { output: root, inventory }, recorded());
    const csv = await Deno.readTextFile(join(root, "slime_beads_materials.csv"));
    const [header, ...rows] = parseCsv(csv).map(({ fields }) => fields);
    assert.deepEqual(header, ["code", "name", "hex", "count", "left"]);
    const left = rows.map(([code, , , count, rest]) => [code, Number(count) + Number(rest)]);
    assert.deepEqual(new Map(left as [string, number][]), new Map([["H01", 100], ["H18", 70]]));
  }));

Deno.test("craft refuses before it writes", () =>
  inTemporaryFolder(async (root) => {
    const output = join(root, "out");
    const large = join(root, "large.png");
    await Deno.writeFile(large, encodePng(Image.filled({ height: 3, width: 257 }, [1, 2, 3])));
    const empty = join(root, "empty.png");
    await Deno.writeFile(empty, encodePng(new Image({ height: 3, width: 3 })));
    const few = join(root, "few.csv");
    await Deno.writeTextFile(few, "code,count\nH01,100\n");
    const both = { inventory: few, maxColors: "3" };
    const cases: [kind: string, source: string, flags: object, expected: RegExp][] = [
      ["knitting", SLIME, {}, /expected beads, cross-stitch, bricks or embroidery, got "knitting"/],
      ["beads", SLIME, { paper: "a5" }, /expected a4 or letter for --paper, got "a5"/],
      ["beads", SLIME, { fabricCount: "14" }, /expected no --fabric-count without a fabric/],
      ["cross-stitch", SLIME, { fabricCount: "0" }, /expected an integer in \[1, 40\], got "0"/],
      ["beads", SLIME, { palette: "hamma" }, /did you mean "hama"/],
      ["beads", SLIME, { maxColors: "0" }, /expected an integer in \[1, 256\], got "0"/],
      ["beads", SLIME, both, /expected --inventory or --max-colors, got both/],
      ["beads", SLIME, { inventory: few }, /Cannot fill 160 cells.*100 of "hama", 60 too few/],
      ["beads", SLIME, { inventory: few, palette: "dmc" }, /expected a code of "dmc", got "H01"/],
      ["bricks", SLIME, { palette: "hama" }, /expected codes of LDraw/],
      ["beads", large, {}, /at most 256x256 pixels, got 3x257/],
      ["beads", empty, {}, /fully transparent/],
      ["beads", join(root, "nothing.png"), {}, /no such file/],
    ];
    for (const [kind, source, flags, expected] of cases) {
      const command = craftCommand(kind, source, { ...flags, output }, recorded());
      await assert.rejects(command, expected);
      await assert.rejects(Deno.stat(output), Deno.errors.NotFound);
    }
  }));
