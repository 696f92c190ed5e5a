import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { GeneratorConfig } from "../../../config/run_config.ts";
import { resolveRunConfig } from "../../../config/resolve_run_config.ts";
import { colorTargets } from "../../../lib/initialization/color_targets.ts";
import { type Initialization, initialize } from "../../../lib/initialization/initialize.ts";
import { interpolateColors } from "../../../lib/initialization/interpolate_colors.ts";
import {
  clusteredClasses,
  majorityClasses,
  sampledClasses,
} from "../../../lib/initialization/pixel_classes.ts";
import { decodeImage } from "../../../lib/image/formats/decode_image.ts";
import { Image, type ImageSize } from "../../../lib/image/image.ts";
import { Palette } from "../../../lib/palette/palette.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";
import { goldenPath, readGolden } from "../../support/goldens.ts";

const golden = readGolden("initialize");
const palette = new Palette("golden", Uint8Array.from(golden.tensor("palette").data));
const size = { height: 12, width: 16 };
const image = await decodeImage(readFileSync(goldenPath("init_image.png")));

const OPTIONS: InitializeOptions = {
  initializationMethod: "palette-bilinear",
  initDistance: "l1",
  size,
  palette,
};

/** Settings of the picture, with its size and palette. */
interface InitializeOptions extends Partial<Omit<GeneratorConfig, "palette">> {
  readonly size: ImageSize;
  readonly palette: Palette;
}

/** Computes first logits; other settings are the defaults. */
function initializeWith(image: Image, options: InitializeOptions): Initialization {
  const { size: { height: imageH, width: imageW }, palette, ...settings } = options;
  const config = resolveRunConfig({ seed: 7 });
  const generator = { ...config.generator, ...settings, imageH, imageW };
  return initialize(image, palette, { ...config, generator });
}

/** Sums up to 9 times 3, in float32 in both. */
const TOLERANCE = { atol: 5e-6 };

for (const mode of ["bilinear", "nearest"] as const) {
  for (const distance of ["l1", "l2"] as const) {
    Deno.test(`colorTargets() equals SD-piXL's "palette-${mode}" with "${distance}"`, () => {
      const targets = colorTargets(interpolateColors(image, size, mode), palette, distance);
      assertAllClose(targets, golden.tensor(`palette-${mode}.${distance}`).data, TOLERANCE);
    });
  }
}

Deno.test("majorityClasses() equals SD-piXL's palette downsampling", () => {
  const { classes } = majorityClasses(image, size, palette, { crops: true });
  assert.deepEqual([...classes], [...golden.tensor("palette.classes").data]);
});

for (const distance of ["l1", "l2", "cosine_similarity"] as const) {
  Deno.test(`colorTargets() of palette colors equals SD-piXL's with "${distance}"`, () => {
    const { classes } = majorityClasses(image, size, palette, { crops: true });
    const colors = Float32Array.from(
      [...classes].flatMap((k) => [...palette.at(k)]),
      (v) => v / 255,
    );
    // SD-piXL adds 1 to negative distances here, which centering removes.
    const offset = distance === "cosine_similarity" ? 0 : Math.sqrt(palette.size);
    const targets = colorTargets(colors, palette, distance).map((value) => value + offset);
    assertAllClose(targets, golden.tensor(`palette.${distance}`).data, TOLERANCE);
  });
}

Deno.test("clusteredClasses() keeps an area flat that lies between two colors of the palette", () => {
  const blackAndWhite = new Palette("two", Uint8Array.of(0, 0, 0, 255, 255, 255));
  // The upper half has many distant colors. The color of the lower half is nearly as far from black
  // as from white; its noise exceeds the difference.
  const noisy = new Image({ height: 32, width: 32 });
  for (let i = 0; i < 32 * 32; i++) {
    const [x, y] = [i % 32, Math.floor(i / 32)];
    const noise = (i * 37) % 13 - 6;
    const color = y < 16
      ? [x % 3, Math.floor(x / 3) % 3, Math.floor(x / 9)].map((level) => level * 120)
      : [60, 120, 205].map((value) => value + noise);
    noisy.data.set([...color, 255], i * 4);
  }
  const small = { height: 16, width: 16 };
  const lower = ({ classes }: { classes: Uint32Array }) => new Set(classes.subarray(16 * 8));
  const found = clusteredClasses(noisy, small, blackAndWhite);
  assert.equal(lower(found).size, 1);
  assert.equal(found.palette, blackAndWhite);
  assert.equal(lower(majorityClasses(noisy, small, blackAndWhite)).size, 2);
});

Deno.test("clusteredClasses() takes the majority color of each block, not the mean", () => {
  const [black, white] = [[0, 0, 0], [1, 1, 1]];
  // Two blocks of 2 x 2 pixels: one white pixel in the left one, three in the right one.
  const pixels = [white, black, white, white, black, black, white, black];
  const blocks = Image.fromFloats({ height: 2, width: 4 }, pixels.flat());
  const own = new Palette("two", Uint8Array.of(10, 10, 10, 240, 240, 240));
  assert.deepEqual([...clusteredClasses(blocks, { height: 1, width: 2 }, own).classes], [0, 1]);
});

Deno.test("clusteredClasses() keeps the border of an image of any size", () => {
  const [black, white] = [[0, 0, 0], [1, 1, 1]];
  // Lines of two pixels at the left and at the top of 8 x 8, in blocks of 2, 2, 1, 2 and 1.
  const lines = Image.fromFloats(
    { height: 8, width: 8 },
    Array.from({ length: 64 }, (_, i) => {
      const [x, y] = [i % 8, Math.floor(i / 8)];
      return x < 2 || y < 2 ? white : black;
    }).flat(),
  );
  const own = new Palette("two", Uint8Array.of(10, 10, 10, 240, 240, 240));
  const { classes } = clusteredClasses(lines, { height: 5, width: 5 }, own);
  const expected = Array.from({ length: 25 }, (_, i) => i % 5 === 0 || i < 5 ? 1 : 0);
  assert.deepEqual([...classes], expected);
});

Deno.test("sampledClasses() equals SD-piXL's nearest downsampling and its palette", () => {
  const found = sampledClasses(image, { height: 6, width: 8 });
  assert.deepEqual([...found.classes], [...golden.tensor("nearest.classes").data]);
  assert.deepEqual([...found.palette.colors], [...golden.tensor("nearest.palette").data]);
});

Deno.test("sampledClasses() refuses more colors than logits have room for", () => {
  const many = new Image({ height: 80, width: 80 });
  for (let i = 0; i < 6400; i++) many.data.set([i & 255, i >> 8, 0, 255], i * 4);
  assert.throws(() => sampledClasses(many, many), {
    name: "RangeError",
    message: "Cannot derive a palette from all colors of the image: expected at most 4096, " +
      "got 6400 at 80x80 pixels",
  });
});

/** Centers each row, then rescales rows to their mean norm; in float64. */
function normalized(targets: ArrayLike<number>, count: number, factor: number): number[] {
  const rows = Array.from({ length: targets.length / count }, (_, i) => {
    const row = Array.from({ length: count }, (_, k) => targets[i * count + k]!);
    const mean = row.reduce((sum, value) => sum + value, 0) / count;
    return row.map((value) => value - mean);
  });
  const norms = rows.map((row) => Math.hypot(...row));
  const mean = norms.reduce((sum, norm) => sum + norm, 0) / norms.length;
  return rows.flatMap((row, i) => row.map((value) => value / norms[i]! * mean * factor));
}

Deno.test("initialize() rescales all pixels to their mean norm times the regularizer", () => {
  for (const softmaxRegularizer of [1, 2.5]) {
    const { logits } = initializeWith(image, {
      ...OPTIONS,
      softmaxRegularizer,
      antialias: false,
    });
    const targets = golden.tensor("palette-bilinear.l1").data;
    // Rescaling rows of small norm also enlarges the float32 error of the reference.
    assertAllClose(logits, normalized(targets, palette.size, softmaxRegularizer), { atol: 1e-4 });
  }
});

const METHODS = [
  "kmeans",
  "palette",
  "nearest",
  "palette-bilinear",
  "palette-nearest",
  "palette-kmeans",
  "palette-area",
] as const;
const DISTANCES = ["l1", "l2", "cosine_similarity", "zero", "random"] as const;

Deno.test("initialize() takes every method with every distance", () => {
  for (const initializationMethod of METHODS) {
    for (const initDistance of DISTANCES) {
      const options = { ...OPTIONS, initializationMethod, initDistance };
      const found = initializeWith(image, options);
      const name = `${initializationMethod}, ${initDistance}`;
      assert.equal(found.logits.length, 12 * 16 * found.palette.size, name);
      assert(found.logits.every(Number.isFinite), name);
      assert.equal(found.logits.some((value) => value !== 0), initDistance !== "zero", name);
      const isOwn = initializationMethod === "kmeans" || initializationMethod === "nearest";
      assert.equal(found.palette !== palette, isOwn, name);
      assert.deepEqual(initializeWith(image, options), found, name);
    }
  }
});

Deno.test("initialize() makes the color of the image the most likely one", () => {
  // Three palette colors in stripes, in an image of another aspect ratio than the picture's.
  const stripes = Image.fromIndices(
    { height: 14, width: 9 },
    Array.from({ length: 14 * 9 }, (_, i) => [1, 5, 8][Math.floor((i % 9) / 3)]!),
    palette.colors,
  );
  for (const initializationMethod of METHODS) {
    for (const initDistance of ["l1", "l2", "cosine_similarity"] as const) {
      const found = initializeWith(stripes, {
        ...OPTIONS,
        initializationMethod,
        initDistance,
        size: { height: 7, width: 3 },
      });
      const count = found.palette.size;
      for (let i = 0; i < 21; i++) {
        const row = [...found.logits.subarray(i * count, (i + 1) * count)];
        const expected = palette.at([1, 5, 8][i % 3]!);
        const best = found.palette.at(row.indexOf(Math.max(...row)));
        assert.deepEqual(best, expected, `${initializationMethod}, ${initDistance}, ${i}`);
      }
    }
  }
});

Deno.test("initialize() antialiases if told so", () => {
  // Only columns 3 and 4 of 8 are white. Without antialiasing only these are read.
  const pixels = Array.from({ length: 8 * 8 }, (_, i) => (i % 8 === 3 || i % 8 === 4) ? 1 : 0);
  const blackAndWhite = new Palette("two", Uint8Array.of(0, 0, 0, 255, 255, 255));
  const narrow = Image.fromIndices({ height: 8, width: 8 }, pixels, blackAndWhite.colors);
  const options = { ...OPTIONS, palette: blackAndWhite, size: { height: 1, width: 1 } };
  const isWhite = ({ logits }: { logits: Float32Array }) => logits[1]! > logits[0]!;
  assert(!isWhite(initializeWith(narrow, options)));
  assert(isWhite(initializeWith(narrow, { ...options, antialias: false })));
});

Deno.test("initialize() of a single color is all zeros", () => {
  const one = new Palette("one", Uint8Array.of(1, 2, 3));
  const { logits } = initializeWith(image, { ...OPTIONS, palette: one });
  assert.deepEqual(logits, new Float32Array(12 * 16));
});

Deno.test("initialize() enlarges an image that is smaller than the picture", () => {
  const small = Image.fromIndices({ height: 2, width: 1 }, [8, 3], palette.colors);
  for (const initializationMethod of ["palette", "palette-nearest", "palette-kmeans"] as const) {
    const options = { ...OPTIONS, initializationMethod, size: { height: 4, width: 3 } };
    const { logits } = initializeWith(small, options);
    const best = Array.from({ length: 12 }, (_, i) => {
      const row = [...logits.subarray(i * 9, i * 9 + 9)];
      return row.indexOf(Math.max(...row));
    });
    assert.deepEqual(best, [8, 8, 8, 8, 8, 8, 3, 3, 3, 3, 3, 3], initializationMethod);
  }
});
