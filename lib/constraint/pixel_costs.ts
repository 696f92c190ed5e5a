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
