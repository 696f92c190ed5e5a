import type { GeneratorConfig, RunConfig } from "../../config/run_config.ts";
import type { Image } from "../image/image.ts";
import type { Palette } from "../palette/palette.ts";
import { gradientMap, isOneHue } from "./gradient_map.ts";
import { logitsFromColors } from "./logits_from_colors.ts";
import { pixelColors } from "./pixel_colors.ts";

/** First logits of a picture. */
export interface Initialization {
  /** Mean 0 and the same norm at each pixel, shape [H, W, K]. */
  readonly logits: Float32Array<ArrayBuffer>;
  /** Palette of the logits: the given one, or one derived from the image. */
  readonly palette: Palette;
}

/** Part of a config that the first logits depend on. */
export interface InitializationConfig extends Pick<RunConfig, "seed"> {
  /** Settings of the picture. */
  readonly generator: GeneratorConfig;
}

/**
 * Computes the first logits of a picture from an image:
 *
 * 1. With a palette of one hue, the image is mapped to it by lightness.
 * 2. The image is downsampled to one color per pixel of the picture, by the initialization method.
 * 3. The logits of a pixel are the similarities of its color to the palette colors.
 *
 * Source: Binninger & Sorkine-Hornung 2024, https://arxiv.org/abs/2410.06236, and its code.
 *
 * @param image Opaque, of any size; it is scaled to the picture's size, so crop it before.
 * @param palette Palette of the config; some methods derive another one from the image.
 * @throws {RangeError} If "nearest" finds too many colors.
 */
export function initialize(
  image: Image,
  palette: Palette,
  { seed, generator }: InitializationConfig,
): Initialization {
  const isMapped = generator.gradientMap && isOneHue(palette);
  const source = isMapped ? gradientMap(image, palette) : image;
  const pixels = pixelColors(source, palette, { ...generator, seed });
  const logits = logitsFromColors(pixels.colors, pixels.palette, { ...generator, seed });
  return { logits, palette: pixels.palette };
}

/** Tells whether a picture that starts from an image shows it; with some distances it does not. */
export function showsImage({ generator: { initDistance } }: RunConfig): boolean {
  return initDistance !== "zero" && initDistance !== "random";
}

/** Returns the name of the palette that a run derives from the image; undefined if it does not. */
export function derivedPaletteName({ generator }: RunConfig): string | undefined {
  const { initializationMethod: method, kmeansNbColors } = generator;
  if (method === "kmeans") return `kmeans-${kmeansNbColors}`;
  return method === "nearest" ? method : undefined;
}
