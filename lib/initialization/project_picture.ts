import type { GeneratorConfig } from "../../config/run_config.ts";
import { Image, type ImageSize } from "../image/image.ts";
import { resizeImage } from "../image/resize_image.ts";
import { type ColorDistance, colorMetric } from "../palette/color_metric.ts";
import { nearestColors } from "../palette/nearest_color.ts";
import type { Palette } from "../palette/palette.ts";
import { gradientMap, isOneHue } from "./gradient_map.ts";
import { cleanOrphans } from "../finish/orphan_pixels.ts";

/** Grid and palette of a picture. */
export interface PictureGrid {
  /** Size of the picture. */
  readonly size: ImageSize;
  /** Colors of the picture. */
  readonly palette: Palette;
  /** Whether an image is mapped by lightness to a palette of one hue. */
  readonly gradientMap: boolean;
  /** Whether orphan pixels are cleaned, see {@linkcode cleanOrphans}. */
  readonly removesOrphans: boolean;
  /** How colors are matched. Default: "srgb". */
  readonly distance?: ColorDistance;
}

/** Returns the grid of the pictures of a config. */
export function pictureGrid(generator: GeneratorConfig, palette: Palette): PictureGrid {
  return {
    size: { height: generator.imageH, width: generator.imageW },
    palette,
    gradientMap: generator.gradientMap,
    removesOrphans: generator.orphanMargin > 0,
    distance: generator.colorDistance,
  };
}

/**
 * Projects an image onto the grid and the palette of a picture: the area average of each cell, then
 * the nearest palette color. Orphan pixels are cleaned.
 *
 * @param image Opaque, of the picture's aspect ratio.
 * @returns An image of the picture's size, in the palette's colors.
 */
export function projectPicture(image: Image, grid: PictureGrid): Image {
  const { size, palette, distance = "srgb" } = grid;
  const isMapped = grid.gradientMap && isOneHue(palette);
  const source = isMapped ? gradientMap(image, palette) : image;
  const small = resizeImage(source, size, { fit: "stretch", filter: "area" });
  const nearest = nearestColors(small, palette, distance);
  const indices = grid.removesOrphans
    ? cleanOrphans(nearest, size, costsOf(small, palette, distance))
    : nearest;
  return Image.fromIndices(size, indices, palette.colors);
}

/** Returns the squared distance of a pixel to a palette color; that of black and white is 1. */
function costsOf(
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
