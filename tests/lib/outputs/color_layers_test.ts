import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { decodeImage } from "../../../lib/image/formats/decode_image.ts";
import { contactSheet } from "../../../lib/outputs/contact_sheet.ts";
import { writeLayers } from "../../../lib/outputs/color_layers.ts";
import { latticePalette } from "../../../lib/palette/lattice.ts";
import { mixtureOfLogits } from "../../../lib/palette/mixture.ts";
import { parseHex } from "../../../lib/palette/formats/hex.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";

const TWO = parseHex("ff0000\n0000ff", "two");
const SIZE = { height: 1, width: 3 };
// The second color has probabilities 1/5, 1/2 and 1.
const MIXTURE = mixtureOfLogits(SIZE, TWO, [Math.log(4), 0, 7, 7, 0, 99]);

async function pixelsOf(path: string): Promise<number[][]> {
  const { data } = await decodeImage(await Deno.readFile(path));
  return Array.from({ length: data.length / 4 }, (_, i) => [...data.subarray(i * 4, i * 4 + 4)]);
}

Deno.test("writeLayers() writes a color's probability as alpha, argmax and softmax", () =>
  inTemporaryFolder(async (root) => {
    const folder = join(root, "a", "b");
    const files = await writeLayers(folder, MIXTURE);
    assert.deepEqual(files.layers, [join(folder, "layer_0.png"), join(folder, "layer_1.png")]);
    assert.deepEqual(await pixelsOf(files.layers[0]!), [
      [255, 0, 0, 204],
      [255, 0, 0, 128],
      [255, 0, 0, 0],
    ]);
    assert.deepEqual((await pixelsOf(files.layers[1]!)).map((pixel) => pixel[3]), [51, 128, 255]);
    assert.deepEqual(await pixelsOf(files.argmax), [
      [255, 0, 0, 255],
      [255, 0, 0, 255],
      [0, 0, 255, 255],
    ]);
    assert.deepEqual(await pixelsOf(files.softmax), [
      [204, 0, 51, 255],
      [128, 0, 128, 255],
      [0, 0, 255, 255],
    ]);
    // Color type 3 is a palette, 6 is RGBA. Source: PNG specification, table 11.1.
    assert.equal((await Deno.readFile(files.argmax))[25], 3);
    assert.equal((await Deno.readFile(files.layers[1]!))[25], 6);
  }));

Deno.test("writeLayers() keeps alpha where a color fills the picture, and enlarges", () =>
  inTemporaryFolder(async (root) => {
    const full = mixtureOfLogits(SIZE, parseHex("123456", "one"), [1, 2, 3]);
    const files = await writeLayers(root, full, 4);
    const bytes = await Deno.readFile(files.layers[0]!);
    assert.equal(bytes[25], 6);
    for (const path of [files.layers[0]!, files.argmax, files.softmax]) {
      const { height, width } = await decodeImage(await Deno.readFile(path));
      assert.deepEqual([height, width], [4, 12]);
    }
  }));

Deno.test("contactSheet() shows each layer, few or many", () => {
  const lattice = latticePalette(5);
  const size = { height: 2, width: 2 };
  const mixture = mixtureOfLogits(size, lattice, new Float32Array(4 * 125));
  return inTemporaryFolder(async (root) => {
    const { sheet, layers } = await writeLayers(root, mixture);
    assert.equal(layers.length, 125);
    const { height, width } = await decodeImage(await Deno.readFile(sheet));
    assert(height < 1400 && width < 1400 && height > 800, `${height}x${width}`);
  });
});

Deno.test("contactSheet() shrinks large pictures", async () => {
  const { Image } = await import("../../../lib/image/image.ts");
  const image = Image.filled({ height: 256, width: 128 }, [255, 0, 255]);
  const sheet = contactSheet([{ image, labels: ["x"] }]);
  assert(sheet.height < 256 && sheet.width < 200);
  assert([...sheet.data].some((_, i, data) => data[i] === 255 && data[i + 1] === 0));
});

Deno.test("writeLayers() removes the layers of an earlier, larger palette, and nothing else", () =>
  inTemporaryFolder(async (folder) => {
    const mixture = (colors: string) => {
      const palette = parseHex(colors, "p");
      return mixtureOfLogits(SIZE, palette, new Float32Array(3 * palette.size));
    };
    await writeLayers(folder, mixture("ff0000\n0000ff\n00ff00"));
    for (const name of ["layer_x.png", "mine.png"]) {
      await Deno.writeTextFile(`${folder}/${name}`, "");
    }
    const { removed } = await writeLayers(folder, mixture("ff0000"));
    assert.deepEqual(removed.map((path) => basename(path)).sort(), ["layer_1.png", "layer_2.png"]);
    const left = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    const names = ["argmax.png", "contact_sheet.png", "layer_0.png", "layer_x.png", "mine.png"];
    assert.deepEqual(left, [...names, "softmax.png"]);
  }));
