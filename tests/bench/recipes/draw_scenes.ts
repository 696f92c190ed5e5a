/**
 * Draws the input images of the benchmark anew:
 * `deno run --allow-write=tests/bench/recipes/images tests/bench/recipes/draw_scenes.ts`
 */
import { encodePng } from "../../../lib/image/encode_png.ts";
import { SCENES } from "./scenes.ts";
import { drawShapes } from "./shapes.ts";

/** Side of the images, in pixels. */
const SIDE = 128;

if (import.meta.main) {
  for (const { id, ground, fills } of SCENES) {
    const path = new URL(`images/${id}.png`, import.meta.url);
    await Deno.writeFile(path, encodePng(drawShapes(SIDE, ground, fills)));
  }
}
