import assert from "node:assert/strict";
import { decodeImage } from "../../../lib/image/formats/decode_image.ts";
import { Palette } from "../../../lib/palette/palette.ts";
import { encodeIndexedPicture } from "../../../lib/sprite/formats/png_sprite.ts";
import { packSheet } from "../../../lib/sprite/sheet.ts";
import { tilesetJson } from "../../../lib/sprite/tileset.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";

const palette = new Palette("three", Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255));
/** Tiles of 8 x 8 pixels; the third one has transparent stripes. */
const TILES = ["red", "green", "stripes"].map((name, k) => ({
  name,
  picture: {
    height: 8,
    width: 8,
    palette,
    indices: Uint32Array.from({ length: 64 }, (_, i) => k < 2 ? k : i % 2 === 0 ? 2 : 3),
  },
}));

/** Runs a program by `deno eval`, since tests may run Deno only. */
async function run(program: string, args: readonly string[], cwd: string): Promise<boolean> {
  const script = `const command = new Deno.Command(${JSON.stringify(program)}, {
    args: ${JSON.stringify(args)}, cwd: ${JSON.stringify(cwd)}, stdout: "null", stderr: "null",
    env: { QT_QPA_PLATFORM: "offscreen" },
  });
  const code = await command.output().then(({ code }) => code, () => -1);
  Deno.exit(code === 0 ? 0 : 1);`;
  const { success } = await new Deno.Command(Deno.execPath(), { args: ["eval", script] }).output();
  return success;
}

const isMissing = !await run("tmxrasterizer", ["--help"], ".");

Deno.test({
  name: "Tiled draws a map of our tileset pixel by pixel (skipped without tmxrasterizer)",
  ignore: isMissing,
  fn: () =>
    inTemporaryFolder(async (folder) => {
      const sheet = packSheet(TILES, { columns: 2, padding: 1 });
      const options = { name: "land", image: "land.png", factor: 2, padding: 1 };
      await Deno.writeFile(`${folder}/land.png`, encodeIndexedPicture(sheet.picture, 2));
      await Deno.writeTextFile(`${folder}/land.tsj`, tilesetJson(sheet, options));
      const sides = { width: 3, height: 1 };
      const map = {
        ...sides,
        type: "map",
        version: "1.8",
        orientation: "orthogonal",
        infinite: false,
        tilewidth: 16,
        tileheight: 16,
        tilesets: [{ firstgid: 1, source: "land.tsj" }],
        layers: [{
          ...sides,
          id: 1,
          type: "tilelayer",
          data: [3, 1, 2],
          opacity: 1,
          visible: true,
        }],
      };
      await Deno.writeTextFile(`${folder}/map.tmj`, JSON.stringify(map));
      assert(await run("tmxrasterizer", ["map.tmj", "map.png"], folder));
      const drawn = await decodeImage(await Deno.readFile(`${folder}/map.png`));
      assert.deepEqual([drawn.height, drawn.width], [16, 48]);
      for (let i = 0; i < 16 * 48; i++) {
        const [y, x] = [Math.floor(i / 48), i % 48];
        const k = TILES[[2, 0, 1][Math.floor(x / 16)]!]!.picture
          .indices[(y >> 1) * 8 + (x % 16 >> 1)]!;
        const expected = k === 3 ? [0, 0, 0, 0] : [...palette.at(k), 255];
        assert.deepEqual([...drawn.data.subarray(i * 4, i * 4 + 4)], expected, `${i}`);
      }
    }),
});
