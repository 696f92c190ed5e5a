import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { decodeImage } from "../../../lib/image/formats/decode_image.ts";
import { writeFrames } from "../../../lib/outputs/frame_files.ts";
import { parseHex } from "../../../lib/palette/formats/hex.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";
import { Parser } from "../sprite/ase_parser.ts";

const PALETTE = parseHex("ff0000\n00ff00", "rgb");
const picture = (indices: number[]) => ({
  height: 2,
  width: 2,
  palette: PALETTE,
  indices: Uint32Array.from(indices),
});
const NAMED = [
  { name: "stand", picture: picture([0, 0, 2, 2]) },
  { name: "jump", picture: picture([2, 2, 1, 1]) },
];

Deno.test("writeFrames() writes a sheet, its JSON, a GIF and a sprite with tags", async () => {
  await inTemporaryFolder(async (folder) => {
    const { files, changed } = await writeFrames(folder, NAMED, { fps: 5 });
    assert.equal(changed, 1);
    assert.deepEqual(files.map((file) => file.slice(folder.length + 1)), [
      "frames.png",
      "frames.json",
      "frames.aseprite",
      "frames.gif",
    ]);
    const read = async (name: string) => await Deno.readFile(join(folder, name));
    const sheet = await decodeImage(await read("frames.png"), { name: "sheet" });
    assert.deepEqual([sheet.height, sheet.width], [2, 4]);
    assert.deepEqual([sheet.data[3], sheet.data[2 * 4 + 3]], [255, 0]);
    const { frames, meta } = JSON.parse(new TextDecoder().decode(await read("frames.json")));
    assert.deepEqual(Object.keys(frames), ["1 stand", "2 jump"]);
    assert.equal(frames["1 stand"].duration, 200);
    assert.deepEqual(meta.frameTags.map(({ name, from, to }: typeof meta) => [name, from, to]), [
      ["stand", 0, 0],
      ["jump", 1, 1],
    ]);
    const gif = await decodeImage(await read("frames.gif"), { name: "gif" });
    assert.deepEqual([gif.height, gif.width, gif.data.at(-1)], [512, 512, 0]);
    const sprite = new Parser(Buffer.from(await read("frames.aseprite")), "frames");
    sprite.parse();
    assert.deepEqual(sprite.frames.map(({ frameDuration }) => frameDuration), [200, 200]);
    assert.deepEqual(sprite.tags.map(({ name }) => name), ["stand", "jump"]);
  });
});
