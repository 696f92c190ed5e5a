import assert from "node:assert/strict";
import { createRules, FREE } from "../../../lib/constraint/picture_rules.ts";
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

const GRAYS = [20, 20, 20, 20, 194, 20, 100, 100, 100];
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
  assert.deepEqual(cleanOrphans(indices, SIZE, costing(line, 0.011)), indices);
  const faint = cleanOrphans(indices, SIZE, costing(line, 0.009));
  assert.deepEqual([...faint], new Array(9).fill(0));
});

Deno.test("cleanOrphans() keeps a pixel alone in a stronger contrast only", () => {
  const indices = Uint32Array.of(0, 0, 0, 0, 1, 0, 0, 0, 0);
  assert.deepEqual(cleanOrphans(indices, SIZE, costing([4], 0.044)), indices);
  const cleaned = cleanOrphans(indices, SIZE, costing([4], 0.04));
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

Deno.test("projectPicture() keeps an inventory, at the smallest sum of CIEDE2000", () => {
  const options = { ...grid, removesOrphans: true };
  // Six cells are black, one is light and three are gray; two black ones must become something
  // else.
  const plenty = projectPicture(cells(GRAYS), { ...options, inventory: [9, 9, 9] });
  assert.deepEqual(indicesOf(plenty), [0, 0, 0, 0, 2, 0, 1, 1, 1]);
  const scarce = indicesOf(projectPicture(cells(GRAYS), { ...options, inventory: [4, 9, 0] }));
  assert.deepEqual(scarce.filter((index) => index === 0).length, 4);
  assert.deepEqual(scarce.slice(4, 5).concat(scarce.slice(6)), [1, 1, 1, 1]);
});

/** A magenta image with a gray square of 5 x 4 cells at the left; each cell has 4 x 4 pixels. */
function squareOnKey(): Image {
  const image = Image.filled({ height: 32, width: 32 }, [255, 0, 255]);
  for (let i = 0; i < 32 * 32; i++) {
    const [y, x] = [Math.floor(i / 32), i % 32];
    if (y >= 8 && y < 24 && x >= 4 && x < 24) image.data.set([200, 200, 200], i * 4);
  }
  return image;
}

const CUT = {
  size: { height: 8, width: 8 },
  palette: PALETTE,
  gradientMap: false,
  removesOrphans: true,
  isTransparent: true,
} as const;
const isOpaque = ({ data }: Image, i: number) => data[i * 4] === data[i * 4 + 1];
const NO_RULES = {
  symmetry: "none",
  maxColors: undefined,
  lockedColors: [],
  excludedColors: [],
  kept: undefined,
  isTransparent: true,
} as const;

Deno.test("projectPicture() cuts the background out under rules: symmetry, kept pixels, colors", () => {
  const plain = projectPicture(squareOnKey(), CUT);
  const kept = new Int32Array(64).fill(FREE);
  // A transparent pixel inside of the square, and an opaque one outside.
  kept[28] = PALETTE.size;
  kept[7] = 0;
  const rules = createRules({ ...NO_RULES, kept, excludedColors: [2] }, CUT.size, PALETTE.size)!;
  const picture = projectPicture(squareOnKey(), { ...CUT, rules });
  for (let i = 0; i < 64; i++) {
    const expected = i === 28 ? false : i === 7 ? true : isOpaque(plain, i);
    assert.equal(isOpaque(picture, i), expected, `${i}`);
    if (expected && i !== 7) assert.equal(picture.data[i * 4], 120, "255 is excluded");
  }
  const mirrored = createRules({ ...NO_RULES, symmetry: "x" }, CUT.size, PALETTE.size)!;
  const both = projectPicture(squareOnKey(), { ...CUT, rules: mirrored });
  for (let i = 0; i < 64; i++) {
    const [y, x] = [Math.floor(i / 8), i % 8];
    // Column 1 and its mirror image are half covered: that is enough.
    assert.equal(isOpaque(both, i), y >= 2 && y < 6 && x >= 1 && x < 7, `${i}`);
  }
});

Deno.test("projectPicture() takes nothing from an inventory for transparent pixels", () => {
  const inventory = [0, 8, 56];
  const picture = projectPicture(squareOnKey(), { ...CUT, inventory });
  const opaque = Array.from({ length: 64 }, (_, i) => isOpaque(picture, i));
  assert.equal(opaque.filter(Boolean).length, 20);
  const scarce = projectPicture(squareOnKey(), { ...CUT, inventory: [44, 12, 8] });
  const grays = Array.from({ length: 64 }, (_, i) => i).filter((i) => isOpaque(scarce, i))
    .map((i) => scarce.data[i * 4]!);
  assert.deepEqual([grays.length, grays.filter((gray) => gray === 255).length], [20, 8]);
});

Deno.test("projectPicture() dithers under rules: the colors that they leave, mirrored", () => {
  const image = Image.filled({ height: 32, width: 32 }, [178, 178, 178]);
  const options = { ...CUT, isTransparent: false, dither: { pattern: "bayer2" } } as const;
  const valuesOf = (picture: Image) => Array.from({ length: 64 }, (_, i) => picture.data[i * 4]!);
  const free = valuesOf(projectPicture(image, options));
  assert.deepEqual([...new Set(free)].sort(), [120, 255]);
  const request = { ...NO_RULES, isTransparent: false };
  const one = createRules({ ...request, maxColors: 1 }, CUT.size, PALETTE.size)!;
  assert.equal(new Set(valuesOf(projectPicture(image, { ...options, rules: one }))).size, 1);
  const rules = createRules({ ...request, symmetry: "x" }, CUT.size, PALETTE.size)!;
  const mirrored = valuesOf(projectPicture(image, { ...options, rules }));
  assert.deepEqual(mirrored, mirrored.map((_, i) => mirrored[i - i % 8 + 7 - i % 8]!));
  assert.equal(new Set(mirrored.slice(32)).size, 2);
});

Deno.test("projectPicture() makes a picture easier to make, within its inventory", () => {
  // The single darker cell is near enough to its neighbors.
  const colors = [40, 40, 40, 40, 25, 40, 240, 240, 240];
  const palette = new Palette("near", Uint8Array.of(25, 25, 25, 40, 40, 40, 240, 240, 240));
  const near = { ...grid, palette, removesOrphans: false };
  const values = (picture: Image) => Array.from({ length: 9 }, (_, i) => picture.data[i * 4]!);
  const plain = projectPicture(cells(colors), near);
  assert.deepEqual(values(plain), colors);
  const smooth = projectPicture(cells(colors), { ...near, makeable: "cross-stitch" });
  assert.deepEqual(values(smooth), [40, 40, 40, 40, 40, 40, 240, 240, 240]);
  const scarce = { ...near, makeable: "cross-stitch", inventory: [1, 5, 3] } as const;
  assert.deepEqual(values(projectPicture(cells(colors), scarce)), colors);
});

Deno.test("projectPicture() adds beads between loose parts, but none outside of a mask", () => {
  const image = squareOnKey();
  // A single gray cell, one cell to the right of the square.
  for (let i = 0; i < 32 * 32; i++) {
    const [y, x] = [Math.floor(i / 32), i % 32];
    if (y >= 12 && y < 16 && x >= 28) image.data.set([200, 200, 200], i * 4);
  }
  const opaque = (picture: Image) =>
    Array.from({ length: 64 }, (_, i) => i).filter((i) => isOpaque(picture, i));
  const plain = opaque(projectPicture(image, CUT));
  const mended = opaque(projectPicture(image, { ...CUT, makeable: "beads" }));
  // One bead between them, and one above it: two beads that hang on one would break off.
  assert.deepEqual(mended.filter((i) => !plain.includes(i)), [2 * 8 + 6, 3 * 8 + 6]);
  const mask = Uint8Array.from({ length: 64 }, (_, i) => plain.includes(i) ? 1 : 0);
  assert.deepEqual(opaque(projectPicture(image, { ...CUT, mask, makeable: "beads" })), plain);
  const request = { ...NO_RULES, symmetry: "x" } as const;
  const rules = createRules(request, CUT.size, PALETTE.size)!;
  const mirrored = opaque(projectPicture(image, { ...CUT, rules, makeable: "beads" }));
  assert(mirrored.every((i) => mirrored.includes(i - i % 8 + 7 - i % 8)), "it stays symmetric");
});
