import assert from "node:assert/strict";
import { resolveRunConfig } from "../config/resolve_run_config.ts";
import { createRun } from "../lib/distill/create_run.ts";
import { distill } from "../lib/distill/distill.ts";
import { orphanPixelShare } from "./support/orphan_pixel_share.ts";
import { SessionPool } from "../lib/onnx/batching/session_pool.ts";
import { decodeImage } from "../lib/image/formats/decode_image.ts";
import { nearestColor } from "../lib/palette/nearest_color.ts";
import { parsePalette } from "../lib/palette/formats/palette_formats.ts";
import { findPalette } from "../lib/palette/formats/find_palette.ts";
import { CaptionJudge } from "./bench/recipes/judge/caption_judge.ts";
import { JUDGE_FOLDER } from "./bench/recipes/judge/judge.ts";
import { classificationOf } from "./bench/recipes/scores/classification.ts";
import { gpuTest } from "./support/gpu_test.ts";

const FOLDER = new URL("../assets/models/mini/", import.meta.url);
/** All files of the built-in teacher, in bytes: what a repository and a package can still carry. */
const MAX_BYTES = 64e6;

function bytesOf(folder: URL): number {
  return [...Deno.readDirSync(folder)]
    // Training leaves its caches and data there, which are not kept.
    .filter(({ name }) => name !== "build" && name !== "__pycache__")
    .map(({ name, isDirectory }) =>
      isDirectory ? bytesOf(new URL(`${name}/`, folder)) : Deno.statSync(new URL(name, folder)).size
    )
    .reduce((sum, bytes) => sum + bytes, 0);
}

Deno.test("the built-in teacher is small enough to come with the project", () => {
  assert(bytesOf(FOLDER) < MAX_BYTES, `${bytesOf(FOLDER)} bytes`);
});

gpuTest("the built-in teacher makes pictures that a judge recognizes", async (gpu) => {
  const names = ["octopus", "red potion"];
  await using judge = await CaptionJudge.open(JUDGE_FOLDER, names);
  await using pool = new SessionPool();
  const palette = await findPalette("sweetie-16");
  // A bare name means a sprite where there is one, else an emoji.
  for (const name of names) {
    const config = resolveRunConfig({ prompt: name, preset: "draft" });
    await using run = await createRun(config, { gpu, pool, palette });
    for await (const { isApplied } of distill(run)) assert(isApplied);
    const { indices, height, width } = await run.picture();
    const logits = await judge.classify(await run.image());
    const { rank, guess } = classificationOf(logits, judge.names, name);
    assert(rank <= 3, `${name} has rank ${rank}, the guess is ${guess}`);
    assert(orphanPixelShare({ height, width }, indices) < 0.1);
  }
});

gpuTest("a draft of a noisy photo in 60 colors has no specks in other colors", async (gpu) => {
  const read = (path: string) => Deno.readFile(new URL(`fixtures/${path}`, import.meta.url));
  const image = await decodeImage(await read("images/noisy_photo.png"));
  const palette = parsePalette(await read("palettes/threads.hex"), "threads.hex");
  await using pool = new SessionPool();
  const draft = async (strength: number | null) => {
    const config = resolveRunConfig({
      prompt: "a cat",
      preset: "draft",
      generator: { imageH: 48, imageW: 64 },
      diffusion: { strength },
    });
    await using run = await createRun(config, { gpu, pool, palette, image });
    for await (const _ of distill(run));
    return await run.picture();
  };
  const [start, made] = [await draft(0), await draft(null)];
  assert(orphanPixelShare(made, made.indices) <= orphanPixelShare(start, start.indices));
  // Distillation in large steps took 17 more of the colors, pink and lime among them.
  const more = new Set(made.indices).difference(new Set(start.indices));
  assert(more.size <= 2, `${more.size} more colors`);
});

gpuTest("the built-in teacher draws on the ground that a prompt names", async (gpu) => {
  const palette = await findPalette("sweetie-16");
  const config = resolveRunConfig({
    prompt: "a skeleton on a dark blue background",
    preset: "draft",
    training: { steps: 0 },
  });
  await using run = await createRun(config, { gpu, palette });
  const { indices, width } = await run.picture();
  const border = indices.filter((_, i) => i < width || i % width === 0);
  const ground = nearestColor([25, 35, 95], palette.colors);
  assert(border.filter((index) => index === ground).length > 0.8 * border.length);
  // And something is drawn on it.
  assert(new Set(indices).size > 3);
});

gpuTest(
  "an edit by the built-in teacher draws what the prompt names, on the same ground",
  async (gpu) => {
    await using judge = await CaptionJudge.open(JUDGE_FOLDER, ["house"]);
    await using pool = new SessionPool();
    const file = new URL("bench/recipes/images/house.png", import.meta.url);
    const image = await decodeImage(await Deno.readFile(file));
    const probability = async (strength: number) => {
      const config = resolveRunConfig({
        prompt: "house on a light blue background",
        training: { steps: 0 },
        diffusion: { strength },
      });
      await using run = await createRun(config, { gpu, pool, image });
      for await (const { stage } of distill(run)) assert.equal(stage, "edit");
      const { indices, width } = await run.picture();
      // The border keeps its one color.
      const border = indices.filter((_, i) => i < width || i % width === 0);
      assert(border.filter((index) => index === indices[0]).length >= 0.99 * border.length);
      const logits = await judge.classify(await run.image());
      return classificationOf(logits, judge.names, "house").probability;
    };
    const [plain, edited] = [await probability(0), await probability(0.4)];
    assert(edited > plain + 0.2, `p is ${plain} without an edit, ${edited} with one`);
  },
);
