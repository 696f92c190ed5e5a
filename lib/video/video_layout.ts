import type { ImageSize } from "../image/image.ts";

/** Size of the frames of a video, and enlargement and position of the picture in them. */
export interface VideoLayout extends ImageSize {
  /** Each pixel of the picture is a square of `factor` x `factor`. */
  readonly factor: number;
  /** Rows above the picture. */
  readonly top: number;
  /** Columns left of the picture. */
  readonly left: number;
}

/**
 * Fits a picture into frames of a wanted size.
 *
 * @param format The format of the video, which may allow even factors only.
 */
export function videoLayout(
  format: { readonly needsEvenFactor: boolean },
  picture: ImageSize,
  wanted: ImageSize,
): VideoLayout {
  return (format.needsEvenFactor ? paddedLayout : tightLayout)(picture, wanted);
}

/**
 * Fits a picture into frames of a wanted size, with a black border, for H.264 with 4:2:0 color.
 *
 * The factor is the largest even one that fits, at least 2, because 2 x 2 pixels share one color:
 * with an odd factor, squares would bleed into their neighbors (17 dB instead of 50). The picture
 * is centered, on an even row and column. Odd sizes are rounded up, and frames that are too small
 * for factor 2 grow.
 */
function paddedLayout(picture: ImageSize, wanted: ImageSize): VideoLayout {
  const factor = Math.max(2, 2 * Math.floor(largestFactor(picture, wanted) / 2));
  const even = (min: number, length: number) => Math.max(2 * Math.ceil(length / 2), min);
  const height = even(picture.height * factor, wanted.height);
  const width = even(picture.width * factor, wanted.width);
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
 * There is no border, because its color may not be in the palette.
 */
function tightLayout(picture: ImageSize, wanted: ImageSize): VideoLayout {
  const factor = Math.max(1, largestFactor(picture, wanted));
  const { height, width } = picture;
  return { height: height * factor, width: width * factor, factor, top: 0, left: 0 };
}

function largestFactor(picture: ImageSize, wanted: ImageSize): number {
  return Math.floor(Math.min(wanted.height / picture.height, wanted.width / picture.width));
}
