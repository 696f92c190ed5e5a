import type { GeneratorConfig } from "../../config/run_config.ts";
import { drawUniform } from "../../kernels/random/philox.ts";
import { RANDOM_STREAMS } from "../../kernels/random/streams.ts";
import type { Image, ImageSize } from "../image/image.ts";
import { resizeImage } from "../image/resize_image.ts";
import { kmeansPalette } from "../palette/kmeans_palette.ts";
import type { Palette } from "../palette/palette.ts";
import { colorTargets } from "./color_targets.ts";
import { interpolateColors } from "./interpolate_colors.ts";
import {
  clusteredClasses,
  majorityClasses,
  type PixelClasses,
  sampledClasses,
} from "./pixel_classes.ts";

/** Options of {@linkcode initializeLogits}. */
export interface InitializeLogitsOptions extends
  Pick<
    GeneratorConfig,
    "initializationMethod" | "antialias" | "initDistance" | "kmeansNbColors" | "softmaxRegularizer"
  > {
  /** Size of the picture. */
  readonly size: ImageSize;
  /** The palette; "kmeans" and "nearest" make their own. */
  readonly palette: Palette;
  /** Seed of the run, integer in [0, 2^32). */
  readonly seed: number;
}

/** What the picture begins with. */
export interface InitialLogits {
  /** Mean 0 at each pixel, all of one norm, shape [H, W, K]. */
  readonly logits: Float32Array<ArrayBuffer>;
  /** The palette that the logits mean: the one given, or one made of the image. */
  readonly palette: Palette;
}

/**
 * Computes logits that show an image.
 *
 * The logits of each pixel are its likeness to the palette's colors, with their mean taken off,
 * rescaled to one norm: the mean norm of all pixels times `softmaxRegularizer`. Those of distance
 * "zero" stay 0.
 *
 * Source: Binninger & Sorkine-Hornung 2024, https://arxiv.org/abs/2410.06236, and its code.
 *
 * @param image Opaque, of any size; its whole is brought to `size`, so crop it before.
 * @throws {RangeError} If "nearest" finds too many colors.
 */
export function initializeLogits(image: Image, options: InitializeLogitsOptions): InitialLogits {
  const { colors, palette } = pixelColors(image, options);
  const logits = targetsOf(colors, palette, options);
  balance(logits, palette.size);
  rescale(logits, palette.size, options.softmaxRegularizer);
  return { logits, palette };
}

/** The color that each pixel shall resemble. */
interface PixelColors {
  /** sRGB in [0, 1], shape [H, W, 3]. */
  readonly colors: Float32Array;
  readonly palette: Palette;
}

function pixelColors(image: Image, options: InitializeLogitsOptions): PixelColors {
  const { size, palette, antialias } = options;
  switch (options.initializationMethod) {
    case "palette-bilinear": {
      const colors = antialias
        ? resizeImage(image, size, { fit: "stretch", filter: "bilinear" }).toFloats()
        : interpolateColors(image, size, "bilinear");
      return { colors, palette };
    }
    case "palette-nearest":
      return { colors: interpolateColors(image, size, "nearest"), palette };
    case "palette":
      return colorsOf(majorityClasses(image, size, palette));
    case "palette-kmeans":
      return colorsOf(clusteredClasses(image, size, palette));
    case "nearest":
      return colorsOf(sampledClasses(image, size));
    case "kmeans": {
      const ownPalette = kmeansPalette(image, options.kmeansNbColors, { seed: options.seed });
      return colorsOf(majorityClasses(image, size, ownPalette));
    }
  }
}

function colorsOf({ classes, palette }: PixelClasses): PixelColors {
  const colors = new Float32Array(classes.length * 3);
  const floats = palette.toFloats();
  for (const [i, k] of classes.entries()) colors.set(floats.subarray(k * 3, k * 3 + 3), i * 3);
  return { colors, palette };
}

function targetsOf(
  colors: Float32Array,
  palette: Palette,
  { initDistance, seed }: InitializeLogitsOptions,
): Float32Array<ArrayBuffer> {
  const count = colors.length / 3 * palette.size;
  if (initDistance === "zero") return new Float32Array(count);
  if (initDistance !== "random") return colorTargets(colors, palette, initDistance);
  return Float32Array.from(
    drawUniform({ seed, stream: RANDOM_STREAMS.initialization, step: 0 }, count),
  );
}

/** Takes the mean off the logits of each pixel, in place. */
function balance(logits: Float32Array, count: number): void {
  for (let i = 0; i < logits.length; i += count) {
    let sum = 0;
    for (let k = 0; k < count; k++) sum += logits[i + k]!;
    for (let k = 0; k < count; k++) logits[i + k]! -= sum / count;
  }
}

/** Rescales the logits of each pixel to the mean norm times `factor`, in place; zeros stay zeros. */
function rescale(logits: Float32Array, count: number, factor: number): void {
  const norms = new Float64Array(logits.length / count);
  for (let i = 0; i < norms.length; i++) {
    let sum = 0;
    for (let k = 0; k < count; k++) sum += logits[i * count + k]! ** 2;
    norms[i] = Math.sqrt(sum);
  }
  const mean = norms.reduce((sum, norm) => sum + norm, 0) / norms.length;
  for (const [i, norm] of norms.entries()) {
    if (norm === 0) continue;
    for (let k = 0; k < count; k++) logits[i * count + k]! *= factor * mean / norm;
  }
}
