import type { GeneratorConfig } from "../../config/run_config.ts";
import { compositeAlpha } from "../image/composite_alpha.ts";
import type { Image, ImageSize, Rgb } from "../image/image.ts";
import { reduceToSquares } from "../image/enlarged_picture.ts";
import { fitWithin, resizeImage } from "../image/resize_image.ts";

/** Color behind transparent pixels of an input image, and around it with "pad". */
export const BACKGROUND: Rgb = [255, 255, 255];

/** Options of {@linkcode prepareStartImage}. */
export interface StartImageOptions {
  /** Size of the picture. */
  readonly picture: ImageSize;
  /** Size of the teacher's image. */
  readonly teacher: ImageSize;
  /** How an image of another aspect ratio fills the picture. Default: "crop". */
  readonly fit?: GeneratorConfig["imageFit"];
}

/**
 * Prepares an input image for a picture of H x W pixels: composites it over white and scales it to
 * n H x n W pixels, where n is the smallest integer that makes it at least as large as the
 * teacher's image.
 *
 * A smaller image is enlarged by nearest neighbor, so that pixel art keeps its pixels. Pixel art
 * that was enlarged by whole pixels is reduced first.
 *
 * - "crop" cuts off both ends of the longer axis.
 * - "fit" centers the whole image and fills the rest with the color of its border.
 * - "pad" centers the whole image on white.
 *
 * @returns Opaque, n H x n W pixels.
 */
export function prepareStartImage(image: Image, options: StartImageOptions): Image {
  const { picture, teacher, fit = "crop" } = options;
  const factor = Math.max(
    1,
    Math.ceil(teacher.height / picture.height),
    Math.ceil(teacher.width / picture.width),
  );
  const size = { height: picture.height * factor, width: picture.width * factor };
  const opaque = compositeAlpha(image, BACKGROUND);
  const reduced = reduceToSquares(opaque);
  const source = isEnlarged(reduced, size, fit) ? reduced : opaque;
  const filter = isEnlarged(source, size, fit) ? "nearest" : "bilinear";
  if (fit === "crop") return resizeImage(source, size, { fit, filter });
  const background = fit === "pad" ? BACKGROUND : borderColor(opaque, size);
  return resizeImage(source, size, { fit: "fit", filter, background });
}

/** Tells whether fitting an image to a size keeps or raises its number of pixels. */
function isEnlarged(
  image: ImageSize,
  size: ImageSize,
  fit: NonNullable<StartImageOptions["fit"]>,
): boolean {
  const scales = [size.height / image.height, size.width / image.width] as const;
  return (fit === "crop" ? Math.max(...scales) : Math.min(...scales)) >= 1;
}

/** Max number of border pixels that are compared. */
const MAX_BORDER_PIXELS = 256;

/**
 * Returns the medoid of the colors of the two edges of an image beside which space is left: the
 * color with the smallest sum of distances to the others. Unlike a mean, it occurs in the image.
 */
function borderColor(image: Image, size: ImageSize): Rgb {
  const { height, width } = image;
  const isBeside = fitWithin(image, size).width < size.width;
  const length = isBeside ? height : width;
  const step = Math.ceil(2 * length / MAX_BORDER_PIXELS);
  const colors: Rgb[] = [];
  for (let i = 0; i < length; i += step) {
    for (
      const pixel of isBeside ? [i * width, (i + 1) * width - 1] : [i, i - width + height * width]
    ) {
      const [red, green, blue] = image.data.subarray(pixel * 4);
      colors.push([red!, green!, blue!]);
    }
  }
  const distances = colors.map((color) =>
    colors.reduce((sum, other) => sum + distance(color, other), 0)
  );
  return colors[distances.indexOf(Math.min(...distances))]!;
}

function distance(a: Rgb, b: Rgb): number {
  return Math.abs(a[0] - b[0]) + Math.abs(a[1] - b[1]) + Math.abs(a[2] - b[2]);
}
