import { encodePng } from "../../lib/image/encode_png.ts";
import { resolveRunConfig } from "../../config/resolve_run_config.ts";
import { Gpu } from "../../kernels/gpu/gpu.ts";
import { createRun } from "../../lib/distill/create_run.ts";
import type { Image } from "../../lib/image/image.ts";
import { SessionPool } from "../../lib/onnx/batching/session_pool.ts";
import { findPalette } from "../../lib/palette/formats/find_palette.ts";
import { contactSheet, type SheetRow } from "./recipes/contact_sheet.ts";

const PROMPTS: readonly (readonly [kind: string, ...prompts: readonly string[]])[] = [
  ["animals", "tiger face", "octopus", "owl", "honeybee", "dragon", "snail"],
  ["food and things", "pizza", "mushroom", "guitar", "rocket", "teapot", "sailboat"],
  [
    "backgrounds",
    "castle on a blue background",
    "sunflower on dark green",
    "ghost on purple",
    "crab on beige",
    "cactus on orange",
    "penguin on light blue",
  ],
  [
    "colors",
    "a blue dragon",
    "a green teapot",
    "a pink elephant",
    "a purple fish",
    "a red bus on gray",
    "a white horse on brown",
  ],
  [
    "sizes and places",
    "a small house",
    "a big strawberry",
    "an owl on the left",
    "a key at the top",
    "a tiny whale on dark blue",
    "a hamburger at the bottom",
  ],
  [
    "two objects",
    "a cat and a tree",
    "a robot and a rocket",
    "a fox and a mushroom",
    "a sun and a tent",
    "a pizza next to a doughnut",
    "an apple and a banana",
  ],
];

/** Samples images of `mini`, without pixelation or palette, and returns a contact sheet. */
async function drawSamples(): Promise<Image> {
  using gpu = await Gpu.request();
  await using pool = new SessionPool();
  const palette = await findPalette("sweetie-16");
  const rows: SheetRow[] = [];
  for (const [label, ...prompts] of PROMPTS) {
    const cells = [];
    for (const prompt of prompts) {
      const config = resolveRunConfig({ prompt });
      await using run = await createRun(config, { gpu, pool, palette });
      cells.push({ picture: run.references!.images[0]!, caption: { text: prompt } });
    }
    rows.push({ label, cells });
  }
  return contactSheet(PROMPTS[0]!.slice(1).map(() => ""), rows);
}

if (import.meta.main) {
  const [path = "assets/models/mini/samples.png"] = Deno.args;
  await Deno.writeFile(path, encodePng(await drawSamples()));
}
