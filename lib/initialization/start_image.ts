import type { GeneratorConfig } from "../../config/run_config.ts";
import { compositeAlpha } from "../image/composite_alpha.ts";
import type { Image, ImageSize, Rgb } from "../image/image.ts";
import { defined } from "../text/defined.ts";
import { MIN_SUBJECT_ALPHA } from "./background.ts";
import { reduceToSquares } from "../image/enlarged_picture.ts";
import { fitWithin, resizeImage } from "../image/resize_image.ts";

/** Color around an opaque input image with "pad", if the config names none. */
const WHITE: Rgb = [255, 255, 255];

/** An input image, prepared for a picture. */
export interface StartImage {
  /** Opaque. */
  readonly image: Image;
  /**
   * Which pixels of the picture show the opaque part of the input image: 1, else 0, shape [H, W] of
   * the picture. Undefined if all of the image is opaque.
   */
  readonly mask: Uint8Array | undefined;
}

/** Options of {@linkcode prepareStartImage}. */
export interface StartImageOptions {
  /** Size of the picture. */
  readonly picture: ImageSize;
  /** Size of the teacher's image. */
  readonly teacher: ImageSize;
  /** How an image of another aspect ratio fills the picture. Default: "crop". */
  readonly fit?: GeneratorConfig["imageFit"];
  /** Color behind transparent pixels, and around the image with "pad". Default: white. */
  readonly background?: Rgb;
}

/**
 * Prepares an input image for a picture of H x W pixels: composites it over a background and
 * scales it to n H x n W pixels, where n is the smallest integer that makes it at least as large
 * as the teacher's image.
 *
 * An image without more pixels than the picture is enlarged by nearest neighbor, so that pixel art
 * keeps its pixels. Pixel art that was enlarged by whole pixels is reduced first. Other images are
 * scaled bilinearly.
 *
 * - "crop" cuts off both ends of the longer axis.
 * - "fit" centers the whole image and fills the rest with the color of its border.
 * - "pad" centers the whole image on the background.
 *
 * @returns n H x n W pixels, and a mask of H x W.
 */
export function prepareStartImage(image: Image, options: StartImageOptions): StartImage {
  const { picture, teacher, fit = "crop", background = WHITE } = options;
  const factor = Math.max(
    1,
    Math.ceil(teacher.height / picture.height),
    Math.ceil(teacher.width / picture.width),
  );
  const size = { height: picture.height * factor, width: picture.width * factor };
  const opaque = compositeAlpha(image, background);
  const around = fit === "fit" ? borderColor(opaque, size) : background;
  return {
    image: fitImage(opaque, size, { picture, fit, around }),
    mask: image.isTransparent()
      ? maskOf(fitImage(image, size, { picture, fit }), picture)
      : undefined,
  };
}

/** Options of {@linkcode fitImage}. */
interface FitOptions {
  /** Size of the picture, in pixels. */
  readonly picture: ImageSize;
  readonly fit: NonNullable<StartImageOptions["fit"]>;
  /** Color of the rest of the picture. Default: transparent. */
  readonly around?: Rgb;
}

function fitImage(image: Image, size: ImageSize, { picture, fit, around }: FitOptions): Image {
  const reduced = reduceToSquares(image);
  const isArt = isEnlarged(reduced, picture, fit);
  const source = isArt ? reduced : image;
  return resizeImage(source, size, {
    fit: fit === "crop" ? "crop" : "fit",
    filter: isArt ? "nearest" : "bilinear",
    ...defined({ background: around }),
  });
}

/** Gives each pixel of the picture the majority of its n x n pixels; half of them are enough. */
function maskOf({ data, width }: Image, picture: ImageSize): Uint8Array {
  const factor = width / picture.width;
  const counts = new Uint32Array(picture.height * picture.width);
  for (let i = 0; i < data.length / 4; i++) {
    if (data[i * 4 + 3]! < MIN_SUBJECT_ALPHA) continue;
    const [x, y] = [Math.floor(i % width / factor), Math.floor(i / width / factor)];
    counts[y * picture.width + x]! += 1;
  }
  return Uint8Array.from(counts, (count) => 2 * count >= factor ** 2 ? 1 : 0);
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
