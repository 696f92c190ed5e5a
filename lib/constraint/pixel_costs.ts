import type { Image } from "../image/image.ts";
import { type ColorDistance, colorMetric } from "../palette/color_metric.ts";
import type { Palette } from "../palette/palette.ts";

/**
 * Returns the cost of a color at a pixel: the squared distance of the pixel's color to it. That of
 * black and white is 1.
 *
 * @param image One pixel per pixel of the picture; alpha is ignored.
 */
export function costFunction(
  { data }: Image,
  palette: Palette,
  distance: ColorDistance,
): (pixel: number, color: number) => number {
  const metric = colorMetric(distance);
  const colors = Array.from({ length: palette.size }, (_, k) => metric.convert(palette.at(k)));
  const unit = metric.squared(metric.convert([0, 0, 0]), metric.convert([255, 255, 255]));
  return (pixel, color) => {
    const [red, green, blue] = data.subarray(pixel * 4);
    return metric.squared(metric.convert([red!, green!, blue!]), colors[color]!) / unit;
  };
}

/** Computes the costs of {@linkcode costFunction} as a table, shape [H, W, K]. */
export function pixelCosts(
  image: Image,
  palette: Palette,
  distance: ColorDistance,
): Float64Array<ArrayBuffer> {
  const costOf = costFunction(image, palette, distance);
  return Float64Array.from(
    { length: image.height * image.width * palette.size },
    (_, j) => costOf(Math.floor(j / palette.size), j % palette.size),
  );
}

/** Cost of a pixel that is on the wrong side of the silhouette: more than that of any color. */
const SILHOUETTE_COST = 100;

/**
 * Adds the transparent class to a table of costs.
 *
 * A pixel's share of the subject speaks for its colors, the rest for the transparent class. So
 * pixels that share their color become what most of their area is.
 *
 * @param costs Shape [H, W, K].
 * @param coverage Share of each pixel that shows the subject, in [0, 1], shape [H, W]; half of it
 * is enough.
 * @returns Shape [H, W, K + 1].
 */
export function addTransparentCosts(
  costs: Float64Array,
  coverage: Float64Array,
): Float64Array<ArrayBuffer> {
  const colors = costs.length / coverage.length;
  return Float64Array.from({ length: costs.length + coverage.length }, (_, j) => {
    const [i, k] = [Math.floor(j / (colors + 1)), j % (colors + 1)];
    const share = coverage[i]!;
    // What is half and half is opaque, whatever its color.
    if (k === colors) return SILHOUETTE_COST * share + 1;
    return costs[i * colors + k]! + SILHOUETTE_COST * (1 - share);
  });
}
