import { join } from "node:path";
import { encodeIndexedPng, encodePng, MAX_INDEXED_COLORS } from "../image/encode_png.ts";
import { enlargeIndices, enlargementFactor, enlargeNearest } from "../image/enlarge_nearest.ts";
import { Image, type ImageSize } from "../image/image.ts";
import type { Palette } from "../palette/palette.ts";
import type { RunPicture } from "../run/run_picture.ts";
import { writeFile } from "../files/write_file.ts";

/** Options of {@linkcode writeFinalImages}. */
export interface FinalImagesOptions {
  /** Integer factor of the enlarged copy; 1 writes none. Default: about 512 pixels. */
  readonly factor?: number;
}

/** The files that were written. */
export interface FinalImages {
  /** The picture at its native size: an indexed PNG whose palette is the run's, in its order. */
  readonly argmax: string;
  /** The same, each pixel a square; undefined at factor 1. */
  readonly enlarged: string | undefined;
  /** The mixture, true color. */
  readonly softmax: string;
  /** What the user should know of these files. */
  readonly notes: readonly string[];
}

/**
 * Writes `final_argmax.png`, `final_argmax_x<factor>.png` and `final_softmax.png` into a run's folder.
 *
 * Each file is replaced whole, so an earlier result survives a failure.
 *
 * @throws {OutputError} If one cannot be written.
 */
export async function writeFinalImages(
  folder: string,
  result: RunPicture,
  options: FinalImagesOptions = {},
): Promise<FinalImages> {
  const { factor = enlargementFactor(result, DEFAULT_SIDE) } = options;
  const argmax = join(folder, "final_argmax.png");
  const softmax = join(folder, "final_softmax.png");
  const enlarged = factor > 1 ? join(folder, `final_argmax_x${factor}.png`) : undefined;
  await writeFile(argmax, encodePalettePng(result, result.indices, result.palette));
  if (enlarged !== undefined) {
    await writeFile(enlarged, encodeEnlargedPng(result, factor));
  }
  await writeFile(softmax, encodePng(Image.fromFloats(result, result.softmax)));
  const notes = result.palette.size > MAX_INDEXED_COLORS
    ? [
      `A PNG palette holds ${MAX_INDEXED_COLORS} colors and "${result.palette.name}" has ` +
      `${result.palette.size}, so the pictures are true-color PNGs`,
    ]
    : [];
  return { argmax, enlarged, softmax, notes };
}

/** Longer side of the enlarged copy, in pixels, about. */
const DEFAULT_SIDE = 512;

/**
 * Writes palette indices as PNG: indexed if the palette fits (256 colors), else true color.
 *
 * @param indices Palette index of each pixel, shape [H, W].
 */
export function encodePalettePng(
  size: ImageSize,
  indices: Uint32Array,
  palette: Palette,
): Uint8Array<ArrayBuffer> {
  if (palette.size <= MAX_INDEXED_COLORS) return encodeIndexedPng(size, indices, palette.colors);
  return encodePng(Image.fromIndices(size, indices, palette.colors));
}

/**
 * Writes a picture of palette indices as PNG, each pixel a square of `factor` x `factor`.
 *
 * @param factor Integer, 1 or more.
 */
export function encodeEnlargedPng(
  result: Omit<RunPicture, "softmax">,
  factor: number,
): Uint8Array<ArrayBuffer> {
  const { palette, indices } = result;
  if (palette.size > MAX_INDEXED_COLORS) {
    return encodePng(enlargeNearest(Image.fromIndices(result, indices, palette.colors), factor));
  }
  const size = { height: result.height * factor, width: result.width * factor };
  return encodeIndexedPng(size, enlargeIndices(result, indices, factor), palette.colors);
}
