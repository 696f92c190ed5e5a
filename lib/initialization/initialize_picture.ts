import type { RunConfig } from "../../config/run_config.ts";
import { initializeLogits, type InitialLogits } from "./initialize_logits.ts";
import type { Image } from "../image/image.ts";
import { gradientMap, isOneHue } from "./gradient_map.ts";
import type { Palette } from "../palette/palette.ts";

/**
 * Computes the logits that a picture begins with, of an image, as a config says.
 *
 * @param image Opaque, of the picture's aspect ratio.
 * @param palette That of the config; some methods make another of the image.
 * @throws {RangeError} If a palette is made of the image, and it has too many colors.
 */
export function initializePicture(
  image: Image,
  palette: Palette,
  config: RunConfig,
): InitialLogits {
  const { imageH: height, imageW: width } = config.generator;
  const isMapped = config.generator.gradientMap && isOneHue(palette);
  return initializeLogits(isMapped ? gradientMap(image, palette) : image, {
    ...config.generator,
    size: { height, width },
    palette,
    seed: config.seed,
  });
}

/** Tells whether a picture that begins with an image shows it; with some distances it does not. */
export function showsImage({ generator: { initDistance } }: RunConfig): boolean {
  return initDistance !== "zero" && initDistance !== "random";
}
