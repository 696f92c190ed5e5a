/**
 * Draws the input images of the benchmark again:
 * `deno run --allow-write=tests/bench/recipes/images tests/bench/recipes/draw_scenes.ts`
 */
import { encodePng } from "../../../lib/image/encode_png.ts";
import { drawScene, SCENES } from "./scenes.ts";

/** Height and width of the images, in pixels. */
const SIZE = 128;

if (import.meta.main) {
  for (const scene of SCENES) {
    const path = new URL(`images/${scene.id}.png`, import.meta.url);
    await Deno.writeFile(path, encodePng(drawScene(scene, SIZE)));
  }
}
