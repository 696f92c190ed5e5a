import type { Image } from "../../../../lib/image/image.ts";
import { resizeImage } from "../../../../lib/image/resize_image.ts";

/**
 * Scores the distance of a picture from its input image: the root mean squared difference of sRGB
 * values. The input is resized to the picture's size by area.
 *
 * @param input Opaque, of the picture's aspect ratio.
 * @returns In [0, 1].
 */
export function inputDistance(picture: Image, input: Image): number {
  const a = picture.toFloats();
  const b = resizeImage(input, picture, { filter: "area" }).toFloats();
  const sum = a.reduce((total, value, i) => total + (value - b[i]!) ** 2, 0);
  return Math.sqrt(sum / a.length);
}
