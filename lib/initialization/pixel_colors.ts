import type { GeneratorConfig, RunConfig } from "../../config/run_config.ts";
import type { Image } from "../image/image.ts";
import { resizeImage } from "../image/resize_image.ts";
import { kmeansPalette } from "../palette/kmeans_palette.ts";
import type { Palette } from "../palette/palette.ts";
import { defined } from "../text/defined.ts";
import { interpolateColors } from "./interpolate_colors.ts";
import {
  clusteredClasses,
  enlargeWeights,
  majorityClasses,
  type PixelClasses,
  sampledClasses,
} from "./pixel_classes.ts";

/** Colors of the pixels of a picture, before they are limited to the palette. */
export interface PixelColors {
  /** sRGB in [0, 1], shape [H, W, 3]. */
  readonly colors: Float32Array;
  /** The given palette, or one derived from the image. */
  readonly palette: Palette;
}

/** Options of {@linkcode pixelColors}. */
export interface PixelColorsOptions extends
  Pick<RunConfig, "seed">,
  Pick<
    GeneratorConfig,
    "imageH" | "imageW" | "antialias" | "kmeansNbColors" | "kmeansSpace" | "colorDistance"
  > {
  /** How the image is downsampled. */
  readonly initializationMethod: Exclude<
    GeneratorConfig["initializationMethod"],
    "palette-area" | null
  >;
  /** Weight of each pixel of the picture, above 0, shape [H, W]. Default: all are 1. */
  readonly importance?: Float64Array | undefined;
}

/**
 * Downsamples an image to one color per pixel of the picture, by the initialization method.
 *
 * @throws {RangeError} If "nearest" finds too many colors.
 */
export function pixelColors(
  image: Image,
  palette: Palette,
  options: PixelColorsOptions,
): PixelColors {
  const size = { height: options.imageH, width: options.imageW };
  const { importance, colorDistance: distance } = options;
  switch (options.initializationMethod) {
    case "palette-bilinear": {
      const colors = options.antialias
        ? resizeImage(image, size, { fit: "stretch", filter: "bilinear" }).toFloats()
        : interpolateColors(image, size, "bilinear");
      return { colors, palette };
    }
    case "palette-nearest":
      return { colors: interpolateColors(image, size, "nearest"), palette };
    case "palette":
      return colorsOf(majorityClasses(image, size, palette, { distance, crops: true }));
    case "palette-kmeans":
      return colorsOf(clusteredClasses(image, size, palette, { distance, importance }));
    case "nearest":
      return colorsOf(sampledClasses(image, size));
    case "kmeans": {
      const { kmeansNbColors, kmeansSpace: space, seed } = options;
      const weights = importance && enlargeWeights(importance, size, image);
      const extraction = { seed, space, ...defined({ weights }) };
      const derived = kmeansPalette(image, kmeansNbColors, extraction);
      return colorsOf(majorityClasses(image, size, derived, { distance }));
    }
  }
}

/** Returns the palette color of each pixel. */
export function colorsOf({ classes, palette }: PixelClasses): PixelColors {
  const colors = new Float32Array(classes.length * 3);
  const floats = palette.toFloats();
  for (const [i, k] of classes.entries()) colors.set(floats.subarray(k * 3, k * 3 + 3), i * 3);
  return { colors, palette };
}
