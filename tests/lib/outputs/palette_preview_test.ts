import assert from "node:assert/strict";
import { join } from "node:path";
import { decodeImage } from "../../../lib/image/formats/decode_image.ts";
import { previewPalettes } from "../../../lib/outputs/palette_preview.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";

Deno.test("previewPalettes() takes names, files and folders at any depth", () =>
  inTemporaryFolder(async (root) => {
    await Deno.mkdir(join(root, "folder", "deep", "deeper"), { recursive: true });
    await Deno.mkdir(join(root, "empty"));
    const write = (path: string, text: string) => Deno.writeTextFile(join(root, path), text);
    await write("folder/10.hex", "000000\r\n#FFFFFF\r\n");
    await write("folder/2.HEX", "ff0000\n");
    await write("folder/broken.hex", "ff0000\nred\n");
    await write("folder/notes.txt", "not a palette");
    await write("folder/deep/deeper/x.hex", "00ff00\n00ff00\n");
    await write("single.hex", "0000ff\n");
    const sheet = join(root, "out", "sheet.png");
    const sources = ["pico-8", join(root, "folder"), join(root, "single.hex")];
    const preview = await previewPalettes(sources, { sheet });
    const names = preview.entries.map(({ palette }) => palette.name);
    assert.deepEqual(names, ["pico-8", "2", "10", "x", "single"]);
    assert.equal(preview.problems.length, 1);
    assert.match(preview.problems[0]!, /"broken": line 2: expected a color as RRGGBB, got "red"/);
    const image = await decodeImage(await Deno.readFile(preview.files[0]!));
    assert(image.height > 5 * 60 && image.width === 740);
    await assert.rejects(
      previewPalettes([join(root, "empty")], { sheet }),
      /there are no \.hex or .* files in it$/,
    );
    await assert.rejects(previewPalettes([join(root, "folder/broken.hex")], { sheet }), /line 2/);
    await assert.rejects(previewPalettes(["pico8000"], { sheet }), /did you mean "pico-8"/);
  }));

Deno.test("previewPalettes() shows all built-in palettes when nothing is named", () =>
  inTemporaryFolder(async (root) => {
    const preview = await previewPalettes([], { sheet: join(root, "p.png") });
    assert(preview.entries.length > 20);
    assert.deepEqual(preview.problems, []);
  }));

Deno.test("previewPalettes() credits built-in palettes, and names files by their path", () =>
  inTemporaryFolder(async (root) => {
    const file = join(root, "mine.hex");
    await Deno.writeTextFile(file, "ff0000\nff0000\n000000\n");
    const preview = await previewPalettes(["Pico 8", "assets/elsewhere/oil-6.hex", file], {
      sheet: join(root, "a.png"),
      page: join(root, "a.html"),
      order: "lightness",
    });
    const [pico, oil, mine] = preview.entries;
    assert.equal(pico!.note, "Lexaloffle, https://lospec.com/palette-list/pico-8");
    assert.equal(oil!.note, "GrafxKid, https://lospec.com/palette-list/oil-6");
    assert.equal(mine!.note, file);
    assert.deepEqual(mine!.order, [2, 0, 1]);
    assert.deepEqual(mine!.warnings, ['Palette "mine" holds #ff0000 twice, as colors 1 and 2']);
    assert.deepEqual(preview.files, [join(root, "a.png"), join(root, "a.html")]);
    const page = await Deno.readTextFile(preview.files[1]!);
    assert(page.startsWith("<!DOCTYPE html>") && page.includes(mine!.warnings![0]!.slice(0, 7)));
  }));
