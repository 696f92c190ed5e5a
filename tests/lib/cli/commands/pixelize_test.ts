import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pixelizeCommand } from "../../../../lib/cli/commands/pixelize.ts";
import { UsageError } from "../../../../lib/cli/flags/flag.ts";
import { decodeImage } from "../../../../lib/image/formats/decode_image.ts";
import { createTerminal } from "../../../../lib/report/terminal.ts";
import { inTemporaryFolder } from "../../../support/temporary_folder.ts";

const IMAGES = fileURLToPath(new URL("../../../fixtures/images/", import.meta.url));

function terminals(print: (text: string) => void = () => {}) {
  return { out: createTerminal({ print: () => {} }), status: createTerminal({ print }) };
}

Deno.test("pixelize writes a picture and an enlarged copy of each image of a folder", () =>
  inTemporaryFolder(async (root) => {
    const source = join(root, "in");
    await Deno.mkdir(join(source, "deep"), { recursive: true });
    await Deno.copyFile(`${IMAGES}slime.png`, join(source, "a.png"));
    await Deno.copyFile(`${IMAGES}ghost.png`, join(source, "deep", "a.png"));
    await Deno.writeTextFile(join(source, "b.png"), "no image");
    await Deno.writeTextFile(join(source, "notes.txt"), "not looked at");
    const output = join(root, "out");
    let text = "";
    const screens = terminals((part) => void (text += part));
    const code = await pixelizeCommand([source], { output, scale: "2" }, screens);
    assert.equal(code, 1, "one image was left out");
    const files = Array.from(Deno.readDirSync(output), ({ name }) => name).sort();
    assert.deepEqual(files, ["a-2.png", "a-2_x2.png", "a.png", "a_x2.png"]);
    assert.match(text, /left out: .*b\.png: Cannot decode image/);
    const image = await decodeImage(await Deno.readFile(join(output, "a_x2.png")));
    assert.equal(image.width, 32);
  }));

Deno.test("pixelize refuses wrong flags before it reads an image", async () => {
  const cases: [flags: Parameters<typeof pixelizeCommand>[1], expected: RegExp][] = [
    [{ dither: "floyd" }, /expected one of none, bayer2, .* for --dither, got "floyd"/],
    [{ dither: "bayer4", ditherStrength: "2" }, /a number from 0 to 1 for --dither-strength/],
    [{ ditherStrength: "0.5" }, /expected --dither with --dither-strength/],
    [{ size: "0,9" }, /height and width from 1 to 1024 for --size, got "0,9"/],
    [{ fit: "stretch" }, /expected one of crop, fit, pad for --fit, got "stretch"/],
    [{ outline: "darkish" }, /auto or a color such as .* for --outline, got "darkish"/],
    [{ background: "5x" }, /for --background, got "5x"/],
    [{ palette: "pico-8", colors: "4" }, /expected --palette or --colors, got both/],
  ];
  for (const [flags, expected] of cases) {
    await assert.rejects(pixelizeCommand(["missing.png"], flags, terminals()), (error: Error) => {
      assert(error instanceof UsageError);
      assert.match(error.message, expected);
      return true;
    });
  }
  await assert.rejects(pixelizeCommand([], {}, terminals()), /expected an image or a folder/);
  await assert.rejects(pixelizeCommand(["missing.png"], {}, terminals()), /there is no such file/);
});
