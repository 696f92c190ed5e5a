import { join } from "node:path";
import { encodePng } from "../image/encode_png.ts";
import { enlargeNearest } from "../image/enlarge_nearest.ts";
import { Image } from "../image/image.ts";
import { mixColors, type Mixture } from "../palette/mixture.ts";
import { encodePicture } from "./final_images.ts";
import { contactSheet, type SheetTile } from "./contact_sheet.ts";
import { listFolder } from "../files/list_files.ts";
import { OutputError } from "../files/output_error.ts";
import { makeFolder, writeFile } from "../files/write_file.ts";

/** Result of {@linkcode writeLayers}. */
export interface LayerFiles {
  /** One image per color, in the order of the palette: `layer_0.png`, `layer_1.png` … */
  readonly layers: readonly string[];
  /** The most probable colors: an indexed PNG, if the palette fits in one. */
  readonly argmax: string;
  /** The mixture, in true color. */
  readonly softmax: string;
  /** All of them side by side, with labels. */
  readonly sheet: string;
  /** Layers of an earlier, larger palette, which were removed. */
  readonly removed: readonly string[];
}

/**
 * Writes a mixture as one RGBA image per color, whose alpha is the probability of the color, with
 * `argmax.png`, `softmax.png` and `contact_sheet.png`. Layers of an earlier, larger palette in the
 * same folder are removed.
 *
 * @param folder Where they go; it is created.
 * @param factor Each pixel becomes a square of `factor` x `factor`; integer, 1 or more.
 * @throws {OutputError} If one cannot be written or removed.
 */
export async function writeLayers(
  folder: string,
  mixture: Mixture,
  factor: number = 1,
): Promise<LayerFiles> {
  const { palette, indices } = mixture;
  await makeFolder(folder);
  const tiles: SheetTile[] = [];
  const layers: string[] = [];
  for (let k = 0; k < palette.size; k++) {
    const { image, mean } = layerImage(mixture, k);
    const path = join(folder, `layer_${k}.png`);
    await writeFile(path, encodePng(enlargeNearest(image, factor), { hasAlpha: true }));
    layers.push(path);
    const labels = [`layer ${k}`, `#${palette.hexAt(k)} ${(mean * 100).toFixed(1)} %`];
    tiles.push({ image, labels });
  }
  const argmax = join(folder, "argmax.png");
  await writeFile(argmax, encodePicture(mixture, factor));
  const softmax = join(folder, "softmax.png");
  const mixed = Image.fromFloats(mixture, mixColors(mixture));
  await writeFile(softmax, encodePng(enlargeNearest(mixed, factor)));
  const sheet = join(folder, "contact_sheet.png");
  const picture = Image.fromIndices(mixture, indices, palette.colors);
  const first = [
    { image: picture, labels: ["argmax", palette.name] },
    { image: mixed, labels: ["softmax", palette.name] },
  ];
  await writeFile(sheet, encodePng(contactSheet([...first, ...tiles])));
  const removed = await removeLayers(folder, palette.size);
  return { layers, argmax, softmax, sheet, removed };
}

/** Removes the layers of colors from `count` on, which an earlier palette has left. */
async function removeLayers(folder: string, count: number): Promise<string[]> {
  const removed: string[] = [];
  for (const { name, isFile } of await listFolder(folder)) {
    const index = /^layer_(\d+)\.png$/.exec(name)?.[1];
    if (!isFile || index === undefined || Number(index) < count) continue;
    const path = join(folder, name);
    try {
      await Deno.remove(path);
    } catch (cause) {
      throw OutputError.from("remove", path, cause);
    }
    removed.push(path);
  }
  return removed;
}

/** Draws the probability of a color, and returns its mean. */
function layerImage(mixture: Mixture, k: number): { image: Image; mean: number } {
  const { palette, probabilities } = mixture;
  const image = new Image(mixture);
  const color = palette.at(k);
  const pixels = mixture.height * mixture.width;
  let sum = 0;
  for (let pixel = 0; pixel < pixels; pixel++) {
    const probability = probabilities[pixel * palette.size + k]!;
    image.data.set([...color, Math.round(Math.min(1, probability) * 255)], pixel * 4);
    sum += probability;
  }
  return { image, mean: sum / pixels };
}
