import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { exportCommand } from "../../../../lib/cli/commands/export.ts";
import { sheetCommand } from "../../../../lib/cli/commands/sheet.ts";
import { createTerminal } from "../../../../lib/report/terminal.ts";
import { inTemporaryFolder } from "../../../support/temporary_folder.ts";

const SLIME = fileURLToPath(new URL("../../../fixtures/images/slime.png", import.meta.url));
const GHOST = fileURLToPath(new URL("../../../fixtures/images/ghost.png", import.meta.url));
const terminal = createTerminal({ print: () => {} });
const terminals = { out: terminal, status: terminal };

const list = (folder: string) => Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();

Deno.test("export writes runs and images in each format, and several as frames of one", () =>
  inTemporaryFolder(async (root) => {
    const run = join(root, "my-run");
    await Deno.mkdir(run);
    await Deno.copyFile(SLIME, join(run, "final_argmax.png"));
    const output = join(root, "out");
    await exportCommand([run, SLIME], { format: "aseprite,SVG", output }, terminals);
    assert.deepEqual(list(output), [
      "my-run.aseprite",
      "my-run.svg",
      "slime.aseprite",
      "slime.svg",
    ]);
    const frames = join(root, "frames");
    const flags = { format: "aseprite", frames: true, duration: "50", output: frames } as const;
    await exportCommand([run, SLIME], flags, terminals);
    const bytes = await Deno.readFile(join(frames, "my-run.aseprite"));
    assert.equal(new DataView(bytes.buffer).getUint16(6, true), 2, "two frames");
  }));

Deno.test("export and sheet refuse before they write", () =>
  inTemporaryFolder(async (root) => {
    const output = join(root, "out");
    const refuse = async (promise: Promise<void>, expected: RegExp) => {
      await assert.rejects(promise, expected);
      await assert.rejects(Deno.stat(output), Deno.errors.NotFound);
    };
    const given = { output, format: "svg" } as const;
    await refuse(exportCommand([], given, terminals), /expected a run's folder or image/);
    await refuse(exportCommand([SLIME], { output }, terminals), /png, aseprite, svg for --format/);
    await refuse(exportCommand([SLIME], { output, format: "doc" }, terminals), /got "doc"/);
    await refuse(
      exportCommand([SLIME], { ...given, frames: true }, terminals),
      /Cannot export frames: expected aseprite for --format/,
    );
    await refuse(
      exportCommand([SLIME, GHOST], { output, format: "aseprite", frames: true }, terminals),
      /frames of one size and palette/,
    );
    await refuse(exportCommand([SLIME, "nothing.png"], given, terminals), /no such file/);
    await refuse(sheetCommand([], {}, terminals), /expected runs or images/);
    await refuse(
      sheetCommand([SLIME], { output }, terminals),
      /expected a \.png file for --output/,
    );
    await refuse(sheetCommand([SLIME], { columns: "0" }, terminals), /integer in \[1, 1024\]/);
  }));

Deno.test("sheet writes a sheet and its JSON, with unique names", () =>
  inTemporaryFolder(async (root) => {
    const output = join(root, "deep", "hero.PNG");
    await sheetCommand([SLIME, SLIME, GHOST], { output, padding: "0" }, terminals);
    assert.deepEqual(list(join(root, "deep")), ["hero.PNG", "hero.json"]);
    const { frames, meta } = JSON.parse(await Deno.readTextFile(join(root, "deep", "hero.json")));
    assert.deepEqual(Object.keys(frames), ["slime", "slime-2", "ghost"]);
    assert.equal(meta.image, "hero.PNG");
  }));
