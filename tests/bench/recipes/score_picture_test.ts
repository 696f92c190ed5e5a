import assert from "node:assert/strict";
import { Image } from "../../../lib/image/image.ts";
import { findPalette } from "../../../lib/palette/formats/find_palette.ts";
import { type NameChooser, scorePicture } from "./score_picture.ts";

/** A judge that always answers "dog". */
const JUDGE: NameChooser = {
  names: ["cat", "dog"],
  classify: () => Promise.resolve(Float32Array.of(0, 1)),
};

const PALETTE = await findPalette("1-bit");
const PICTURE = Image.filled({ height: 4, width: 4 }, [255, 255, 255]);

Deno.test("scorePicture() measures only what can be measured", async () => {
  const scores = await scorePicture(PICTURE, {
    prompt: { id: "cat", prompt: "cat", name: "cat" },
    palette: PALETTE,
    input: undefined,
    judge: undefined,
  });
  assert.deepEqual(scores, { orphans: 0, colors: 1 });
});

Deno.test("scorePicture() computes all scores", async () => {
  const scores = await scorePicture(PICTURE, {
    prompt: { id: "cat", prompt: "cat on a white background", name: "cat", background: "white" },
    palette: PALETTE,
    input: Image.filled({ height: 8, width: 8 }, [0, 0, 0]),
    judge: JUDGE,
  });
  const { probability, distance, ...rest } = scores;
  assert.ok(Math.abs(distance! - 1) < 1e-6);
  assert.ok(Math.abs(probability! - 1 / (1 + Math.E)) < 1e-6);
  assert.deepEqual(rest, {
    top1: 0,
    top5: 1,
    rank: 2,
    guess: "dog",
    orphans: 0,
    colors: 1,
    background: 1,
    edges: 0,
  });
});

Deno.test("scorePicture() does not judge names that the judge does not know", async () => {
  const prompt = { id: "yak", prompt: "yak", name: "yak" };
  const asked = { prompt, palette: PALETTE, input: undefined, judge: JUDGE };
  assert.equal((await scorePicture(PICTURE, asked)).top1, undefined);
});
