import { reducedOrUndefined } from "../image/enlarged_picture.ts";
import type { Image, ImageSize } from "../image/image.ts";
import { resizeImage } from "../image/resize_image.ts";
import type { ColorDistance } from "../palette/color_metric.ts";
import { kmeansPalette } from "../palette/kmeans_palette.ts";
import { matchColors } from "./match_colors.ts";
import { nearestColors } from "../palette/nearest_color.ts";
import { Palette } from "../palette/palette.ts";
import { defined } from "../text/defined.ts";

/** A palette color for each pixel. */
export interface PixelClasses {
  /** Palette index of each pixel, shape [H, W]. */
  readonly classes: Uint32Array;
  /** Palette of the indices. */
  readonly palette: Palette;
}

/** Min number of clusters: with fewer, areas merge that even a small palette can tell apart. */
const MIN_CLUSTERS = 16;

/** Max number of colors. Logits are [H, W, K]: at 64x64 pixels these are 64 MiB. */
const MAX_COLORS = 4096;

/** Range of source pixels along one axis. */
interface Block {
  readonly start: number;
  readonly length: number;
}

/** Splits an axis of the image into blocks, one for each pixel of the picture. */
type Blocks = (from: number, to: number) => readonly Block[];

/**
 * Reads the pixels of a picture that is in the palette's colors already, at its own size or
 * enlarged by whole pixels. The first of equal colors wins.
 *
 * @returns Undefined if the image is no such picture.
 */
export function exactClasses(
  image: Image,
  size: ImageSize,
  palette: Palette,
): PixelClasses | undefined {
  const picture = reducedOrUndefined(image, size);
  if (picture === undefined) return undefined;
  const classes = nearestColors(picture, palette);
  const isExact = classes.every((k, i) =>
    [0, 1, 2].every((c) => palette.colors[k * 3 + c] === picture.data[i * 4 + c])
  );
  return isExact ? { classes, palette } : undefined;
}

/** Options of {@linkcode majorityClasses}. */
export interface MajorityOptions {
  /** How pixels find their nearest color. Default: "srgb". */
  readonly distance?: ColorDistance;
  /**
   * Whether all blocks have the same length, as in SD-piXL: the border of the image that remains
   * is cropped equally at both ends. Default: false; some blocks are one pixel longer than others.
   */
  readonly crops?: boolean;
}

/**
 * Gives each pixel the majority color of its block of the image, each pixel of which votes for the
 * nearest palette color. The first color wins ties.
 *
 * Blocks are whole pixels. Along an axis in which the image is smaller than `size`, its pixels are
 * repeated.
 */
export function majorityClasses(
  image: Image,
  size: ImageSize,
  palette: Palette,
  { distance = "srgb", crops = false }: MajorityOptions = {},
): PixelClasses {
  const nearest = nearestColors(image, palette, distance);
  const blocks: Blocks = crops ? equalBlocks : allBlocks;
  const rows = blocks(image.height, size.height);
  const columns = blocks(image.width, size.width);
  const classes = new Uint32Array(size.height * size.width);
  const counts = new Uint32Array(palette.size);
  let i = 0;
  for (const row of rows) {
    for (const column of columns) {
      counts.fill(0);
      for (let y = row.start; y < row.start + row.length; y++) {
        for (let x = column.start; x < column.start + column.length; x++) {
          counts[nearest[y * image.width + x]!]! += 1;
        }
      }
      classes[i++] = counts.indexOf(Math.max(...counts));
    }
  }
  return { classes, palette };
}

/**
 * Quantizes the image with k-means, to as many colors as the palette has but at least 16. Each
 * pixel takes the majority cluster of its block, and {@linkcode matchColors} maps each cluster to a
 * palette color.
 *
 * So an area of one color stays uniform, even if its color lies between two palette colors.
 *
 * With importance, more clusters are spent where it is high, and their matches count more.
 *
 * After Gerstner et al. 2012, "Pixelated Image Abstraction", with fixed blocks instead of
 * superpixels, and a given palette.
 */
export function clusteredClasses(
  image: Image,
  size: ImageSize,
  palette: Palette,
  { distance = "srgb", importance }: ClusterOptions = {},
): PixelClasses {
  const weights = importance && enlargeWeights(importance, size, image);
  const count = Math.max(palette.size, MIN_CLUSTERS);
  const clusters = kmeansPalette(image, count, defined({ weights }));
  const { classes } = majorityClasses(image, size, clusters);
  const picture = { classes, width: size.width, clusters, weights: importance };
  const matches = matchColors(picture, palette, distance);
  return { classes: classes.map((k) => matches[k]!), palette };
}

/** Options of {@linkcode clusteredClasses}. */
export interface ClusterOptions {
  /** How clusters are matched to palette colors. Default: "srgb". */
  readonly distance?: ColorDistance;
  /** Weight of each pixel of the picture, above 0, shape [H, W]. Default: all are 1. */
  readonly importance?: Float64Array | undefined;
}

/**
 * Gives each pixel of an image the weight of the picture's pixel in whose area it lies.
 *
 * @param weights Shape [H, W] of the picture.
 * @returns Shape [H, W] of the image.
 */
export function enlargeWeights(
  weights: Float64Array,
  size: ImageSize,
  image: ImageSize,
): Float64Array<ArrayBuffer> {
  return Float64Array.from({ length: image.height * image.width }, (_, i) => {
    const x = Math.floor(i % image.width * size.width / image.width);
    const y = Math.floor(Math.floor(i / image.width) * size.height / image.height);
    return weights[y * size.width + x]!;
  });
}

/**
 * Blocks of the whole axis; their lengths differ by at most one. They hold the pixels that
 * {@linkcode enlargeWeights} and cut-outs give to each pixel of the picture.
 */
function allBlocks(from: number, to: number): Block[] {
  if (from < to) return repeatedPixels(from, to);
  const edges = Array.from({ length: to + 1 }, (_, i) => Math.ceil(i * from / to));
  return edges.slice(1).map((end, i) => ({ start: edges[i]!, length: end - edges[i]! }));
}

/** Blocks of one length around the middle of the axis. */
function equalBlocks(from: number, to: number): Block[] {
  if (from < to) return repeatedPixels(from, to);
  const length = Math.floor(from / to);
  const margin = Math.floor((from % to) / 2);
  return Array.from({ length: to }, (_, i) => ({ start: margin + i * length, length }));
}

function repeatedPixels(from: number, to: number): Block[] {
  return Array.from(
    { length: to },
    (_, i) => ({ start: Math.floor((i + 0.5) * from / to), length: 1 }),
  );
}

/**
 * Samples the image at the center of each pixel's area. The colors found become the palette, sorted
 * by red, green and blue.
 *
 * @throws {RangeError} If there are more than 4096 colors.
 */
export function sampledClasses(image: Image, size: ImageSize): PixelClasses {
  const small = resizeImage(image, size, { fit: "stretch", filter: "nearest" });
  const keys = Array.from({ length: size.height * size.width }, (_, i) => {
    const [red, green, blue] = small.data.subarray(i * 4, i * 4 + 3);
    return (red! << 16) | (green! << 8) | blue!;
  });
  const sorted = [...new Set(keys)].sort((a, b) => a - b);
  if (sorted.length > MAX_COLORS) {
    throw new RangeError(
      `Cannot derive a palette from all colors of the image: expected at most ${MAX_COLORS}, ` +
        `got ${sorted.length} at ${size.height}x${size.width} pixels`,
    );
  }
  const indices = new Map(sorted.map((key, index) => [key, index]));
  return {
    classes: Uint32Array.from(keys, (key) => indices.get(key)!),
    palette: new Palette(
      "nearest",
      Uint8Array.from(sorted.flatMap((key) => [key >> 16, (key >> 8) & 255, key & 255])),
    ),
  };
}
