import type { ImageSize } from "../image/image.ts";

/** How a picture lies in the frames of a video, enlarged by an integer factor. */
export interface VideoLayout extends ImageSize {
  /** Each pixel of the picture is a square of this many pixels. */
  readonly factor: number;
  /** Rows above the picture. */
  readonly top: number;
  /** Columns left of the picture. */
  readonly left: number;
}

/**
 * Fits a picture into frames of a wanted size, black around it, for H.264 with 4:2:0 color.
 *
 * The factor is the largest even one that fits, at least 2, because two by two pixels share one
 * color: with an odd factor, squares would bleed into their neighbors (17 dB instead of 50).
 * The picture is centered, on an even row and column. Odd sizes are rounded up, and frames that
 * are too small for factor 2 grow.
 */
export function paddedLayout(picture: ImageSize, wanted: ImageSize): VideoLayout {
  const factor = Math.max(2, 2 * Math.floor(largestFactor(picture, wanted) / 2));
  const side = (least: number, length: number) => Math.max(2 * Math.ceil(length / 2), least);
  const height = side(picture.height * factor, wanted.height);
  const width = side(picture.width * factor, wanted.width);
  const margin = (outer: number, inner: number) => 2 * Math.floor((outer - inner) / 4);
  return {
    height,
    width,
    factor,
    top: margin(height, picture.height * factor),
    left: margin(width, picture.width * factor),
  };
}

/**
 * Enlarges a picture by the largest integer factor that fits a wanted size, at least 1.
 *
 * Nothing is added around it, because a border needs a color that the palette may not have.
 */
export function tightLayout(picture: ImageSize, wanted: ImageSize): VideoLayout {
  const factor = Math.max(1, largestFactor(picture, wanted));
  const { height, width } = picture;
  return { height: height * factor, width: width * factor, factor, top: 0, left: 0 };
}

function largestFactor(picture: ImageSize, wanted: ImageSize): number {
  return Math.floor(Math.min(wanted.height / picture.height, wanted.width / picture.width));
}
