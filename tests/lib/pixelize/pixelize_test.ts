import assert from "node:assert/strict";
import { decodeImage } from "../../../lib/image/formats/decode_image.ts";
import { enlargeNearest } from "../../../lib/image/enlarge_nearest.ts";
import { Image } from "../../../lib/image/image.ts";
import { resizeImage } from "../../../lib/image/resize_image.ts";
import { encodeIndexedPicture, imageOf } from "../../../lib/sprite/formats/png_sprite.ts";
import { detectGrid, sampleGrid } from "../../../lib/pixelize/detect_grid.ts";
import { pixelize } from "../../../lib/pixelize/pixelize.ts";
import { countOrphans } from "../../support/count_orphans.ts";

const FIXTURES = new URL("../../fixtures/images/", import.meta.url);

async function read(name: string): Promise<Image> {
  return await decodeImage(await Deno.readFile(new URL(name, FIXTURES)));
}

/** The number of pixels that differ by more than rounding; transparent ones are equal. */
function differences(a: Image, b: Image, tolerance: number): number {
  let count = 0;
  for (let i = 0; i < a.data.length; i += 4) {
    if (a.data[i + 3]! < 128 && b.data[i + 3]! < 128) continue;
    const isFar = [0, 1, 2, 3].some((c) => Math.abs(a.data[i + c]! - b.data[i + c]!) > tolerance);
    if (isFar) count++;
  }
  return count;
}

Deno.test("pixelize() gives a sprite back bit for bit, also enlarged, with its transparency", async () => {
  const sprite = await read("slime.png");
  for (const image of [sprite, enlargeNearest(sprite, 7)]) {
    const { picture } = pixelize(image);
    assert.deepEqual([picture.height, picture.width], [16, 16]);
    assert.equal(differences(imageOf(picture), sprite, 0), 0);
    const again = await decodeImage(encodeIndexedPicture(picture, 3));
    assert.equal(differences(again, enlargeNearest(sprite, 3), 0), 0, "as a file");
  }
});

Deno.test("pixelize() obeys the size, the number of colors and the background", async () => {
  const photo = new Image({ height: 90, width: 200 });
  for (let i = 0; i < 90 * 200; i++) photo.data.set([i % 200, i / 200, 7 * i & 255, 255], i * 4);
  const { picture } = pixelize(photo, { palette: 5 });
  assert.deepEqual([picture.height, picture.width], [29, 64], "the aspect ratio is kept");
  assert.equal(picture.palette.size, 5);
  const options = { size: { height: 5, width: 9 }, removesOrphans: true };
  const sized = pixelize(photo, options).picture;
  assert.deepEqual([sized.height, sized.width, sized.indices.length], [5, 9, 45]);
  assert.equal(countOrphans(sized), 0);
  const ghost = await read("ghost.png");
  const filled = pixelize(ghost, { background: "#00ff00", palette: 4 }).picture;
  assert(!filled.indices.includes(filled.palette.size), "nothing stays transparent");
  const clear = pixelize(ghost, { palette: 4 }).picture;
  assert(clear.indices.includes(clear.palette.size));
  assert.throws(() => pixelize(photo, { outline: "auto" }), /expected an image with transparent/);
});

Deno.test("pixelize() leaves no color between two areas if it is told so", () => {
  const grays = [0, 0, 0, 99, 255, 255, 255, 255];
  const image = Image.filled({ height: 8, width: 8 }, [0, 0, 0]);
  for (let i = 0; i < 64; i++) image.data.fill(grays[i % 8]!, i * 4, i * 4 + 3);
  const colorsOf = (antialias: boolean) =>
    new Set(pixelize(image, { antialias }).picture.indices).size;
  assert.deepEqual([colorsOf(true), colorsOf(false)], [3, 2]);
});

/** Enlarges by a factor that need not be whole, blurs by one pixel and adds noise. */
function degrade(image: Image, factor: number, noise: number): Image {
  const size = {
    height: Math.round(image.height * factor),
    width: Math.round(image.width * factor),
  };
  const sharp = resizeImage(image, size, { fit: "stretch", filter: "nearest" });
  if (noise === 0) return sharp;
  const blurred = new Image(size);
  let state = 1;
  for (let i = 0; i < blurred.data.length; i++) {
    const [c, pixel] = [i % 4, Math.floor(i / 4)];
    const [x, y] = [pixel % size.width, Math.floor(pixel / size.width)];
    let sum = 0;
    for (const [dx, dy] of [[0, 0], [0, 0], [0, 0], [0, 0], [1, 0], [-1, 0], [0, 1], [0, -1]]) {
      const column = Math.min(size.width - 1, Math.max(0, x + dx!));
      const row = Math.min(size.height - 1, Math.max(0, y + dy!));
      sum += sharp.data[(row * size.width + column) * 4 + c]! / 8;
    }
    state = Math.imul(state, 1664525) + 1013904223 | 0;
    const value = sum + noise * (state >>> 8) / 2 ** 24 - noise / 2;
    blurred.data[i] = Math.min(255, Math.max(0, Math.round(value)));
  }
  return blurred;
}

Deno.test("detectGrid() finds cells of whole and broken size, sharp, blurred and noisy", async () => {
  const sprite = await read("slime.png");
  const cases = [[3, 0], [4, 0], [5.5, 0], [7.3, 0], [12.8, 0], [7.3, 12], [12.8, 12], [20, 12]];
  for (const [factor, noise] of cases as [number, number][]) {
    const image = degrade(sprite, factor, noise);
    const grid = detectGrid(image);
    const name = `factor ${factor}, noise ${noise}`;
    assert(grid !== undefined, name);
    assert.deepEqual([grid.height, grid.width], [16, 16], name);
    assert(Math.abs(grid.cell - factor) < 0.1, `${name}: ${grid.cell}`);
    assert.equal(differences(sampleGrid(image, grid), sprite, noise), 0, name);
  }
});

Deno.test("detectGrid() finds no grid in drawings, gradients and single colors", async () => {
  const house = new URL("../../bench/recipes/images/house.png", import.meta.url);
  assert.equal(detectGrid(await decodeImage(await Deno.readFile(house))), undefined);
  assert.equal(detectGrid(await read("gradient.png")), undefined);
  const flat = Image.filled({ height: 40, width: 40 }, [1, 2, 3]);
  assert.equal(detectGrid(flat), undefined);
  assert.throws(() => pixelize(flat, { detect: true }), /Cannot detect a grid/);
});
