import { join } from "node:path";
import { encodePng } from "../image/encode_png.ts";
import { enlargeIndices, enlargeNearest } from "../image/enlarge_nearest.ts";
import { Image } from "../image/image.ts";
import { mixColors, type Mixture } from "../palette/mixture.ts";
import { encodePalettePng } from "./final_images.ts";
import { contactSheet, type SheetTile } from "./layer_sheet.ts";
import { makeFolder, writeFile } from "../files/write_file.ts";

/** The files that {@linkcode writeLayers} wrote. */
export interface LayerFiles {
  /** A picture of each color, in the order of the palette: `layer_0.png`, `layer_1.png` … */
  readonly layers: readonly string[];
  /** The likeliest colors: an indexed PNG, if the palette fits in one. */
  readonly argmax: string;
  /** The mixture, true color. */
  readonly softmax: string;
  /** All of them side by side, with labels. */
  readonly sheet: string;
}

/**
 * Writes a mixture as one RGBA picture a color, whose alpha is the color's probability, with
 * `argmax.png`, `softmax.png` and `contact_sheet.png`.
 *
 * @param folder Where they go; it is made.
 * @param factor Each pixel becomes a square of so many; integer, 1 or more.
 * @throws {OutputError} If one cannot be written.
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
  const large = { height: mixture.height * factor, width: mixture.width * factor };
  const largeIndices = enlargeIndices(mixture, indices, factor);
  await writeFile(argmax, encodePalettePng(large, largeIndices, palette));
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
  return { layers, argmax, softmax, sheet };
}

/** Draws where a color is, and tells its mean probability. */
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
