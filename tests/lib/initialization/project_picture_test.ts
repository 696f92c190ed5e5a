import assert from "node:assert/strict";
import { Image } from "../../../lib/image/image.ts";
import { projectPicture } from "../../../lib/initialization/project_picture.ts";
import { cleanOrphans, replaceOrphans } from "../../../lib/finish/orphan_pixels.ts";
import { neighborsOf } from "../../../lib/finish/indexed_picture.ts";
import { Palette } from "../../../lib/palette/palette.ts";

const PALETTE = new Palette("three", Uint8Array.of(0, 0, 0, 120, 120, 120, 255, 255, 255));
const SIZE = { height: 3, width: 3 };

/** An image of gray cells, each of 2 x 2 pixels that differ from it by the same. */
function cells(grays: readonly number[]): Image {
  const image = Image.filled({ height: 6, width: 6 }, [0, 0, 0]);
  for (let i = 0; i < 36; i++) {
    const [y, x] = [Math.floor(i / 6), i % 6];
    const gray = grays[Math.floor(y / 2) * 3 + Math.floor(x / 2)]! + ((x + y) % 2 ? 9 : -9);
    image.data.fill(gray, i * 4, i * 4 + 3);
  }
  return image;
}

const GRAYS = [20, 20, 20, 20, 200, 20, 100, 100, 100];
const grid = { size: SIZE, palette: PALETTE, gradientMap: false };
const indicesOf = ({ data }: Image) =>
  Array.from({ length: 9 }, (_, i) => [0, 120, 255].indexOf(data[i * 4]!));

Deno.test("projectPicture() takes the nearest color of each cell's mean", () => {
  const picture = projectPicture(cells(GRAYS), { ...grid, removesOrphans: false });
  assert.deepEqual([picture.height, picture.width], [3, 3]);
  assert.deepEqual(indicesOf(picture), [0, 0, 0, 0, 2, 0, 1, 1, 1]);
});

Deno.test("projectPicture() gives an orphan the nearest color among its neighbors", () => {
  const picture = projectPicture(cells(GRAYS), { ...grid, removesOrphans: true });
  assert.deepEqual(indicesOf(picture), [0, 0, 0, 0, 1, 0, 1, 1, 1]);
});

Deno.test("projectPicture() compares colors by the distance that is asked for", () => {
  // A dark blue is nearer to gray in sRGB, and to the blue in OKLab.
  const palette = new Palette("two", Uint8Array.of(70, 70, 70, 40, 40, 255));
  const image = Image.filled({ height: 4, width: 4 }, [20, 20, 140]);
  const pixelBy = (distance: "srgb" | "oklab" | "ciede2000") => {
    const options = { ...grid, size: { height: 2, width: 2 }, palette, removesOrphans: true };
    return [...projectPicture(image, { ...options, distance }).data.subarray(0, 3)];
  };
  assert.deepEqual(pixelBy("srgb"), [70, 70, 70]);
  assert.deepEqual(pixelBy("oklab"), [40, 40, 255]);
  assert.deepEqual(pixelBy("ciede2000"), [40, 40, 255]);
});

Deno.test("replaceOrphans() keeps pixels with a neighbor of their color, at the border too", () => {
  const indices = Uint32Array.of(1, 0, 2, 0, 0, 2, 1, 1, 0);
  const cost = (_: number, color: number) => -color;
  assert.deepEqual([...replaceOrphans(indices, SIZE, cost)], [0, 0, 2, 0, 0, 2, 1, 1, 2]);
});

Deno.test("replaceOrphans() reads all pixels before it changes one", () => {
  // A checkerboard: all are orphans, and all change.
  const indices = Uint32Array.from({ length: 9 }, (_, i) => i % 2);
  const cleaned = replaceOrphans(indices, SIZE, () => 0);
  assert.deepEqual([...cleaned], [...indices].map((index) => 1 - index));
  assert.deepEqual([...replaceOrphans(Uint32Array.of(1), { height: 1, width: 1 }, () => 0)], [1]);
});

/** Costs of two colors: at the given pixels color 0 costs much more than their own color 1. */
const costing = (pixels: readonly number[], cost: number) => (pixel: number, color: number) =>
  color === (pixels.includes(pixel) ? 1 : 0) ? 0 : cost;

Deno.test("cleanOrphans() keeps a diagonal line in a strong contrast only", () => {
  const line = [0, 4, 8];
  const indices = Uint32Array.from({ length: 9 }, (_, i) => line.includes(i) ? 1 : 0);
  assert.deepEqual(cleanOrphans(indices, SIZE, costing(line, 0.022)), indices);
  const faint = cleanOrphans(indices, SIZE, costing(line, 0.02));
  assert.deepEqual([...faint], new Array(9).fill(0));
});

Deno.test("cleanOrphans() keeps a pixel alone in a stronger contrast only", () => {
  const indices = Uint32Array.of(0, 0, 0, 0, 1, 0, 0, 0, 0);
  assert.deepEqual(cleanOrphans(indices, SIZE, costing([4], 0.088)), indices);
  const cleaned = cleanOrphans(indices, SIZE, costing([4], 0.08));
  assert.deepEqual([...cleaned], new Array(9).fill(0));
});

Deno.test("cleanOrphans() leaves one color of a faint checkerboard, and a single pixel", () => {
  const indices = Uint32Array.from({ length: 9 }, (_, i) => i % 2);
  const cleaned = cleanOrphans(indices, SIZE, () => 0);
  for (const [i, own] of cleaned.entries()) {
    const neighbors = [...neighborsOf(SIZE, i)].map((other) => cleaned[other]);
    assert(neighbors.includes(own), `${i}`);
  }
  const single = Uint32Array.of(1);
  assert.deepEqual(cleanOrphans(single, { height: 1, width: 1 }, () => 0), single);
});

Deno.test("projectPicture() keeps an inventory, at the smallest sum of squared distances", () => {
  const options = { ...grid, removesOrphans: true };
  // Six cells are black, one is light and three are gray; two black ones must become something
  // else.
  const plenty = projectPicture(cells(GRAYS), { ...options, inventory: [9, 9, 9] });
  assert.deepEqual(indicesOf(plenty), [0, 0, 0, 0, 2, 0, 1, 1, 1]);
  const scarce = indicesOf(projectPicture(cells(GRAYS), { ...options, inventory: [4, 9, 0] }));
  assert.deepEqual(scarce.filter((index) => index === 0).length, 4);
  assert.deepEqual(scarce.slice(4, 5).concat(scarce.slice(6)), [1, 1, 1, 1]);
});
