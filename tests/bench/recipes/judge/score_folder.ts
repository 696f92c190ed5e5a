/**
 * Scores pictures of a folder whose names are their captions, such as "bone golem.png": the limit
 * of the judge, if they are real sprites. Each is reduced by area and takes the palette's nearest
 * colors.
 *
 * deno run --allow-read --allow-env \
 *   tests/bench/recipes/judge/score_folder.ts FOLDER 16,32 sweetie-16
 */
import { decodeImage } from "../../../../lib/image/formats/decode_image.ts";
import { Image } from "../../../../lib/image/image.ts";
import { resizeImage } from "../../../../lib/image/resize_image.ts";
import { findPalette } from "../../../../lib/palette/formats/find_palette.ts";
import { nearestColor } from "../../../../lib/palette/nearest_color.ts";
import type { Palette } from "../../../../lib/palette/palette.ts";
import { PROMPT_SETS } from "../prompts.ts";
import { markdownTable } from "../results_table.ts";
import { type Classification, classificationOf } from "../scores/classification.ts";
import { estimate, estimateText } from "../statistics/estimate.ts";
import { CaptionJudge } from "./caption_judge.ts";
import { JUDGE_FOLDER } from "./judge.ts";

/** Reduces an image to a square of its size in nearest colors. */
function reduce(image: Image, side: number, palette: Palette): Image {
  const size = { height: side, width: side };
  const { data } = resizeImage(image, size, { filter: "area" });
  const indices = Array.from({ length: side * side }, (_, i) => {
    return nearestColor([data[i * 4]!, data[i * 4 + 1]!, data[i * 4 + 2]!], palette.colors);
  });
  return Image.fromIndices(size, indices, palette.colors);
}

if (import.meta.main) {
  const [folder, sizes = "16,32", colors = "sweetie-16", weights = JUDGE_FOLDER] = Deno.args;
  if (folder === undefined) throw new TypeError("Cannot score pictures: expected a folder");
  const palette = await findPalette(colors);
  const captions = Object.values(PROMPT_SETS).flat().flatMap(({ name }) => name ?? []);
  await using judge = await CaptionJudge.open(weights, captions);
  const files = (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();
  const rows = [];
  for (const side of sizes.split(",").map(Number)) {
    const scores: (Classification & { readonly cluster: string })[] = [];
    for (const file of files) {
      const name = file.replace(/\.[a-z]+$/, "");
      if (!judge.names.includes(name)) continue;
      const image = await decodeImage(await Deno.readFile(`${folder}/${file}`), { name: file });
      const logits = await judge.classify(reduce(image, side, palette));
      scores.push({ cluster: name, ...classificationOf(logits, judge.names, name) });
    }
    const cells = (["top1", "top5", "probability"] as const).map((key) =>
      estimateText(estimate(scores.map((one) => ({ cluster: one.cluster, value: one[key] })))!, 2)
    );
    rows.push([String(side), String(scores.length), ...cells]);
  }
  const text = markdownTable(["size", "pictures", "top-1", "top-5", "p"], rows, { texts: [] });
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}
