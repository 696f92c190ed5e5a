import type { Image, Rgb } from "../../../../lib/image/image.ts";
import { resizeImage } from "../../../../lib/image/resize_image.ts";
import { oklabDistance, toOklab } from "../../../../lib/palette/oklab.ts";

/**
 * Scores the distance of a picture from its input image: the mean distance of their pixels in
 * OKLab. The input is resized to the picture's size by area.
 *
 * @param input Opaque, of the picture's aspect ratio.
 * @returns 0 or more; 1 between black and white.
 */
export function inputDistance(picture: Image, input: Image): number {
  const wanted = resizeImage(input, picture, { filter: "area" });
  const count = picture.height * picture.width;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    sum += oklabDistance(toOklab(colorAt(picture, i)), toOklab(colorAt(wanted, i)));
  }
  return sum / count;
}

function colorAt({ data }: Image, pixel: number): Rgb {
  return [data[pixel * 4]!, data[pixel * 4 + 1]!, data[pixel * 4 + 2]!];
}
