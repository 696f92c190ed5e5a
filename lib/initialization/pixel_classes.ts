import type { Image, ImageSize } from "../image/image.ts";
import { resizeImage } from "../image/resize_image.ts";
import { kmeansPalette } from "../palette/kmeans_palette.ts";
import { matchColors } from "./match_colors.ts";
import { nearestColors } from "../palette/nearest_color.ts";
import { Palette } from "../palette/palette.ts";

/** A palette color for each pixel. */
export interface PixelClasses {
  /** Palette index of each pixel, shape [H, W]. */
  readonly classes: Uint32Array;
  /** The palette that the indices mean. */
  readonly palette: Palette;
}

/** A picture's own colors, at least: fewer than its areas would join what a small palette can tell. */
const MIN_CLUSTERS = 16;

/** Logits are [H, W, K]: at 64x64 pixels, this many colors are 64 MiB. */
const MAX_COLORS = 4096;

/** A run of source pixels along one axis. */
interface Block {
  readonly start: number;
  readonly length: number;
}

/**
 * Gives each pixel the palette color that most pixels of its block are nearest to (l2).
 *
 * Blocks have whole sides; what is left over is cut off on both sides alike. The first color wins
 * ties. Along an axis where the picture is smaller than `size`, its pixels are repeated.
 */
export function majorityClasses(image: Image, size: ImageSize, palette: Palette): PixelClasses {
  const nearest = nearestColors(image, palette);
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
 * Gives each pixel a palette color by way of the picture's own: as many of them as the palette has,
 * but at least 16, by k-means; for each pixel the one that is commonest in its block, and for that
 * the one of the palette that {@linkcode matchColors} finds.
 *
 * So what is one area in the picture stays one, where it lies between two colors of the palette.
 *
 * After Gerstner et al. 2012, "Pixelated Image Abstraction", with fixed blocks in place of its
 * superpixels and a palette that is given.
 */
export function clusteredClasses(image: Image, size: ImageSize, palette: Palette): PixelClasses {
  const own = kmeansPalette(image, Math.max(palette.size, MIN_CLUSTERS));
  const { classes } = majorityClasses(image, size, own);
  const matches = matchColors({ classes, width: size.width, own }, palette);
  return { classes: classes.map((k) => matches[k]!), palette };
}

function blocks(from: number, to: number): Block[] {
  const length = Math.floor(from / to);
  const margin = Math.floor((from % to) / 2);
  return Array.from(
    { length: to },
    (_, i) =>
      length > 0
        ? { start: margin + i * length, length }
        : { start: Math.floor((i + 0.5) * from / to), length: 1 },
  );
}

/**
 * Takes the color in the middle of each pixel's area, and all that occur as the palette, sorted by
 * red, green and blue.
 *
 * @throws {RangeError} If they are more colors than logits have room for.
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
      `Cannot make a palette of all colors of the image: expected at most ${MAX_COLORS}, ` +
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
