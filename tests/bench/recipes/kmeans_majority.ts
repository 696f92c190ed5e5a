import { majorityClasses } from "../../../lib/generator/pixel_classes.ts";
import type { Image, ImageSize } from "../../../lib/image/image.ts";
import { kmeansPalette } from "../../../lib/palette/kmeans_palette.ts";
import { nearestColor } from "../../../lib/palette/nearest_color.ts";
import type { Palette } from "../../../lib/palette/palette.ts";

/**
 * Makes pixel art of an image without a teacher: K colours by k-means, for each pixel the one that is
 * commonest in its cell, and the palette colour nearest to it.
 *
 * After Gerstner et al. 2012, "Pixelated Image Abstraction", with fixed cells in place of its
 * superpixels and a palette that is given.
 *
 * @returns Palette index of each pixel, shape [H, W].
 */
export function kmeansMajority(image: Image, size: ImageSize, palette: Palette): Uint32Array {
  const own = kmeansPalette(image, palette.size);
  const { classes } = majorityClasses(image, size, own);
  const nearest = Uint32Array.from(
    { length: own.size },
    (_, k) => nearestColor(own.at(k), palette.colors),
  );
  return classes.map((k) => nearest[k]!);
}
