import { join } from "node:path";
import { type Tile, tilesAlong } from "../constraint/tile.ts";
import { hasTransparency, type IndexedPicture } from "../finish/indexed_picture.ts";
import { imageOf } from "../sprite/formats/png_sprite.ts";
import { writeFile } from "../files/write_file.ts";
import { enlargeIndices, enlargementFactor, enlargeNearest } from "../image/enlarge_nearest.ts";
import { Image } from "../image/image.ts";
import { DEFAULT_PICTURE_FORMAT, type PictureFormat } from "../image/formats/image_formats.ts";
import type { RunPicture } from "../run/run_picture.ts";

/** Options of {@linkcode writeFinalImages}. */
export interface FinalImagesOptions {
  /** Integer factor of the enlarged copy; 1 writes none. Default: about 512 pixels. */
  readonly factor?: number;
  /** Format of the files. Default: PNG. */
  readonly format?: PictureFormat;
  /** Axes along which copies of the picture join; "none" writes no copies. Default: "none". */
  readonly tile?: Tile;
}

/** Result of {@linkcode writeFinalImages}. */
export interface FinalImages {
  /** The picture at its own size: indexed with the run's palette, if the format can hold it. */
  readonly argmax: string;
  /** The same, each pixel a square; undefined at factor 1. */
  readonly enlarged: string | undefined;
  /** Two copies along each tiled axis, enlarged; undefined if the picture is no tile. */
  readonly tiles: string | undefined;
  /** The mixture, in true color. */
  readonly softmax: string;
  /** What the user should know of these files, one sentence each. */
  readonly notes: readonly string[];
}

/** Approximate length of the longer dimension of the enlarged copy in pixels. */
const ENLARGED_LENGTH = 512;

/**
 * Writes `final_argmax.png`, `final_argmax_x<factor>.png` and `final_softmax.png` into a run's
 * folder; of a tile also `final_tiles.png`.
 *
 * Each file is replaced whole, so an earlier picture survives a failure.
 *
 * @throws {OutputError} If one cannot be written.
 */
export async function writeFinalImages(
  folder: string,
  picture: RunPicture,
  options: FinalImagesOptions = {},
): Promise<FinalImages> {
  const { factor = enlargementFactor(picture, ENLARGED_LENGTH) } = options;
  const { format = DEFAULT_PICTURE_FORMAT, tile = "none" } = options;
  const pathOf = (name: string) => join(folder, `${name}${format.extensions[0]}`);
  const argmax = pathOf("final_argmax");
  const softmax = pathOf("final_softmax");
  const enlarged = factor > 1 ? pathOf(`final_argmax_x${factor}`) : undefined;
  await writeFile(argmax, encodePicture(picture, 1, format));
  if (enlarged !== undefined) await writeFile(enlarged, encodePicture(picture, factor, format));
  const tiles = tile === "none" ? undefined : pathOf("final_tiles");
  if (tiles !== undefined) {
    const copies = repeatPicture(picture, tile);
    await writeFile(
      tiles,
      encodePicture(copies, enlargementFactor(copies, ENLARGED_LENGTH), format),
    );
  }
  await writeFile(softmax, format.encoder.encode(Image.fromFloats(picture, picture.softmax)));
  return { argmax, enlarged, tiles, softmax, notes: notesOf(picture, format) };
}

function notesOf(picture: RunPicture, { name, encoder }: PictureFormat): string[] {
  const { palette } = picture;
  const { maxIndexedColors } = encoder;
  if (hasTransparency(picture) && palette.size === maxIndexedColors) {
    return [
      `A ${name} palette holds ${maxIndexedColors} entries, transparency included, and ` +
      `"${palette.name}" has ${palette.size} colors, so the pictures are true-color ${name}s`,
    ];
  }
  if (palette.size <= maxIndexedColors) return [];
  return [
    `A ${name} palette holds ${maxIndexedColors} colors and "${palette.name}" has ` +
    `${palette.size}, so the pictures are true-color ${name}s`,
  ];
}

/** Repeats a picture twice along each tiled axis. */
function repeatPicture(
  { height, width, palette, indices }: Omit<RunPicture, "softmax">,
  tile: Tile,
): Omit<RunPicture, "softmax"> {
  const size = {
    height: tilesAlong(tile, "y") ? 2 * height : height,
    width: tilesAlong(tile, "x") ? 2 * width : width,
  };
  const repeated = Uint32Array.from({ length: size.height * size.width }, (_, i) => {
    const [y, x] = [Math.floor(i / size.width) % height, i % size.width % width];
    return indices[y * width + x]!;
  });
  return { ...size, palette, indices: repeated };
}

/**
 * Writes a picture: indexed if the format can hold its palette, else in true color.
 *
 * @param factor Each pixel becomes a square of `factor` x `factor`; integer, 1 or more.
 */
export function encodePicture(
  picture: IndexedPicture,
  factor: number = 1,
  { encoder }: PictureFormat = DEFAULT_PICTURE_FORMAT,
): Uint8Array<ArrayBuffer> {
  const { palette, indices } = picture;
  const hasTransparentIndex = hasTransparency(picture);
  if (palette.size + (hasTransparentIndex ? 1 : 0) > encoder.maxIndexedColors) {
    return encoder.encode(enlargeNearest(imageOf(picture), factor));
  }
  const size = { height: picture.height * factor, width: picture.width * factor };
  const enlarged = enlargeIndices(picture, indices, factor);
  return encoder.encodeIndexed(size, enlarged, palette.colors, { hasTransparentIndex });
}
