import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolveRunConfig } from "../../../config/resolve_run_config.ts";
import { decodeImage } from "../../../lib/image/formats/decode_image.ts";
import { enlargeNearest } from "../../../lib/image/enlarge_nearest.ts";
import { Image } from "../../../lib/image/image.ts";
import { initialize } from "../../../lib/initialization/initialize.ts";
import {
  prepareStartImage as prepare,
  type StartImageOptions,
} from "../../../lib/initialization/start_image.ts";
import { findPalette } from "../../../lib/palette/formats/find_palette.ts";
import type { Palette } from "../../../lib/palette/palette.ts";

const prepareStartImage = (image: Image, options: StartImageOptions) =>
  prepare(image, options).image;

const PRESETS = ["draft", "standard", "max", "paper"] as const;
const TEACHER = { height: 128, width: 128 };

const fixture = async (name: string) =>
  await decodeImage(readFileSync(new URL(`../../fixtures/images/${name}`, import.meta.url)));

/** Compares images; `deepEqual` takes gigabytes to show how large ones differ. */
function assertSameImage(found: Image, expected: Image): void {
  assert.deepEqual([found.height, found.width], [expected.height, expected.width]);
  const wrong = found.data.reduce((sum, value, i) => sum + Number(value !== expected.data[i]), 0);
  assert.equal(wrong, 0, `${wrong} of ${found.data.length} values differ`);
}

/** Returns the first picture of a run, and the min lead of the logit of a pixel's color. */
function firstPicture(image: Image, palette: Palette, preset: typeof PRESETS[number]) {
  const size = { height: 16, width: 16 };
  const config = resolveRunConfig({ preset, generator: { imageH: 16, imageW: 16 } });
  const start = prepareStartImage(image, { picture: size, teacher: TEACHER });
  const { logits } = initialize(start, palette, config);
  let lead = Infinity;
  const indices = Uint32Array.from({ length: 256 }, (_, i) => {
    const row = logits.subarray(i * palette.size, (i + 1) * palette.size);
    const [first, second] = row.toSorted().reverse();
    lead = Math.min(lead, first! - second!);
    return row.indexOf(first!);
  });
  return { indices, lead, margin: config.generator.orphanMargin };
}

for (const preset of PRESETS) {
  for (const name of ["sweetie-16", "game-boy"]) {
    Deno.test(`initialize() keeps a picture in the colors of ${name} with ${preset}`, async () => {
      const palette = await findPalette(name);
      // Each pixel is an orphan.
      const indices = Uint32Array.from(
        { length: 256 },
        (_, i) => (i * 7 + (i >> 4)) % palette.size,
      );
      const size = { height: 16, width: 16 };
      const picture = Image.fromIndices(size, indices, palette.colors);
      for (const factor of [1, 3, 8, 16]) {
        const found = firstPicture(enlargeNearest(picture, factor), palette, preset);
        assert.deepEqual(found.indices, indices, `factor ${factor}`);
        assert(found.lead > found.margin, `the lead ${found.lead} is not above the orphan margin`);
      }
    });
  }
}

Deno.test("an image with more pixels than the picture is scaled smoothly, also to a larger size", () => {
  // A smooth ramp of 24 pixels for a picture of 16, at the teacher's size of 32.
  const ramp = new Image({ height: 24, width: 24 });
  for (let i = 0; i < 24 * 24; i++) {
    const value = Math.round((i % 24) / 23 * 255);
    ramp.data.set([value, value, value, 255], i * 4);
  }
  const size = { height: 16, width: 16 };
  const image = prepareStartImage(ramp, { picture: size, teacher: { height: 32, width: 32 } });
  const row = Array.from({ length: 32 }, (_, x) => image.data[x * 4]!);
  const steps = row.slice(1).map((value, x) => value - row[x]!);
  // Nearest neighbor would repeat columns: steps of 0 beside steps of 11.
  assert(steps.slice(1, -1).every((step) => step > 0 && step < 11), steps.join(" "));
});

Deno.test("a small sprite gives the same start image as its enlargement", async () => {
  const sprite = await fixture("slime.png");
  const options = { picture: { height: 16, width: 16 }, teacher: TEACHER };
  const prepared = prepareStartImage(sprite, options);
  for (const factor of [2, 8, 20]) {
    assertSameImage(prepareStartImage(enlargeNearest(sprite, factor), options), prepared);
  }
});

Deno.test("a small checkerboard stays sharp in the start image", async () => {
  const board = await fixture("check8.png");
  const options = { picture: { height: 8, width: 8 }, teacher: TEACHER };
  assertSameImage(prepareStartImage(board, options), enlargeNearest(board, 16));
});
