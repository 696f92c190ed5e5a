import { dither } from "../finish/dither.ts";
import type { IndexedPicture } from "../finish/indexed_picture.ts";
import { removeOrphans } from "../finish/orphan_pixels.ts";
import { finishPicture } from "../finish/finish_picture.ts";
import { outlineColor } from "../finish/outline.ts";
import type { DitherPattern } from "../finish/threshold_maps.ts";
import type { Image, ImageSize, Rgb } from "../image/image.ts";
import { reduceToSquares } from "../image/enlarged_picture.ts";
import { resizeImage } from "../image/resize_image.ts";
import { findBackground } from "../initialization/background.ts";
import { clusteredClasses, exactClasses } from "../initialization/pixel_classes.ts";
import { prepareStartImage } from "../initialization/start_image.ts";
import type { ColorDistance } from "../palette/color_metric.ts";
import { kmeansPalette } from "../palette/kmeans_palette.ts";
import type { Palette } from "../palette/palette.ts";
import { defined } from "../text/defined.ts";
import { detectGrid, sampleGrid } from "./detect_grid.ts";

/** Options of {@linkcode pixelize}. */
export interface PixelizeOptions {
  /** The palette, or how many colors are taken from the image. Default: 16. */
  readonly palette?: Palette | number;
  /**
   * Size of the picture. Default: that of pixel art, enlarged or not; of other images, 64 pixels
   * along the longer axis.
   */
  readonly size?: ImageSize;
  /** How an image of another aspect ratio fills the picture. Default: "crop". */
  readonly fit?: "crop" | "fit" | "pad";
  /**
   * Color behind transparent pixels: a hexadecimal color, a CSS name, an index of the palette, or
   * "auto" for a palette color unlike the subject. Default: they stay transparent.
   */
  readonly background?: string;
  /** Whether to find the grid of pixel art that was enlarged by any factor. Default: false. */
  readonly detect?: boolean;
  /** How colors are matched. Default: "srgb". */
  readonly distance?: ColorDistance;
  /** Ordered dithering, with a strength in [0, 1]. Default: none. */
  readonly dither?: { readonly pattern: DitherPattern; readonly strength?: number };
  /** Color of an outline of one pixel; "auto" is the darkest of the palette. Default: none. */
  readonly outline?: "auto" | Rgb;
  /** Whether orphan pixels are removed. Default: false. */
  readonly removesOrphans?: boolean;
  /** Whether edges may have colors between those of their areas. Default: true. */
  readonly antialias?: boolean;
}

/** Result of {@linkcode pixelize}. */
export interface Pixelized {
  /** The picture. */
  readonly picture: IndexedPicture;
  /** What was found and chosen, one sentence each. */
  readonly notes: readonly string[];
}

/** An image that cannot be pixelized as asked. */
export class PixelizeError extends RangeError {
  /** Name of the class, as it is printed. */
  override readonly name = "PixelizeError";
}

/** Longer axis of a picture if nothing is said. */
const DEFAULT_LENGTH = 64;
const DEFAULT_COLORS = 16;
/** Pixel art has at most this many pixels along an axis; larger images are scaled. */
const MAX_ART_LENGTH = 256;
/** Pixels of the scaled image for each pixel of the picture, along an axis. */
const OVERSAMPLING = 8;

/**
 * Turns an image into a picture of a size and palette, without a teacher.
 *
 * Each pixel gets the palette color of the majority of its area, as the first picture of a run, or
 * is dithered. A picture in the palette's colors, at its own size or enlarged by whole pixels,
 * comes back bit for bit.
 *
 * @throws {PixelizeError} If no grid is found, or an outline is asked for and nothing is
 * transparent.
 * @throws {RangeError} If the background or the strength of the dithering is wrong.
 */
export function pixelize(image: Image, options: PixelizeOptions = {}): Pixelized {
  const notes: string[] = [];
  const source = options.detect ? snapToGrid(image, notes) : image;
  const size = options.size ?? naturalSize(source);
  const palette = choosePalette(source, options.palette ?? DEFAULT_COLORS);
  const start = prepareStartImage(source, {
    picture: size,
    teacher: { height: size.height * OVERSAMPLING, width: size.width * OVERSAMPLING },
    fit: options.fit ?? "crop",
    background: backgroundOf(source, palette, options),
  });
  const exact = exactClasses(start.image, size, palette)?.classes;
  const opaque = exact ?? classesOf(start.image, size, palette, options);
  const mask = options.background === undefined ? start.mask : undefined;
  let picture: IndexedPicture = {
    ...size,
    palette,
    indices: opaque.map((k, i) => mask?.[i] === 0 ? palette.size : k),
  };
  if (options.removesOrphans) picture = removeOrphans(picture);
  const { outline, antialias = true } = options;
  if (outline !== undefined && !picture.indices.includes(palette.size)) {
    throw new PixelizeError("Cannot draw an outline: expected an image with transparent pixels");
  }
  const color = outline && outlineColor(outline, palette);
  return { picture: finishPicture(picture, { antialias, ...defined({ outline: color }) }), notes };
}

function snapToGrid(image: Image, notes: string[]): Image {
  const grid = detectGrid(image);
  if (grid === undefined) {
    throw new PixelizeError(
      "Cannot detect a grid: expected enlarged pixel art with sharp edges; name a size instead",
    );
  }
  const cell = Number(grid.cell.toFixed(2));
  notes.push(`found a grid of ${grid.height}x${grid.width} cells of ${cell} pixels`);
  return sampleGrid(image, grid);
}

/** Returns the size of pixel art, or one that keeps the aspect ratio. */
function naturalSize(image: Image): ImageSize {
  const { height, width } = reduceToSquares(image);
  const longer = Math.max(height, width);
  const isArt = longer <= MAX_ART_LENGTH &&
    (longer <= DEFAULT_LENGTH || height < image.height);
  if (isArt) return { height, width };
  const scale = DEFAULT_LENGTH / longer;
  const length = (value: number) => Math.max(1, Math.round(value * scale));
  return { height: length(height), width: length(width) };
}

function choosePalette(image: Image, palette: Palette | number): Palette {
  return typeof palette === "number"
    ? kmeansPalette(image, palette, { space: "oklab", name: `${palette}-colors` })
    : palette;
}

/** Transparent parts that stay so get a color unlike the subject, so that its edge stays. */
function backgroundOf(image: Image, palette: Palette, { background }: PixelizeOptions): Rgb {
  if (!image.isTransparent() && background === undefined) return [255, 255, 255];
  return findBackground(background ?? "auto", image, palette);
}

function classesOf(
  image: Image,
  size: ImageSize,
  palette: Palette,
  options: PixelizeOptions,
): Uint32Array {
  const { distance = "srgb" } = options;
  if (options.dither === undefined) {
    return clusteredClasses(image, size, palette, { distance }).classes;
  }
  const small = resizeImage(image, size, { fit: "stretch", filter: "area" });
  return dither(small, palette, { ...options.dither, distance });
}
