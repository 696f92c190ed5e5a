import { edgeCorrelation } from "../../../../lib/image/edge_correlation.ts";
import type { Image } from "../../../../lib/image/image.ts";
import { resizeImage } from "../../../../lib/image/resize_image.ts";

/**
 * Scores the edges of an input image: the Pearson correlation of the gradient magnitudes of picture
 * and input. The input is resized to the picture's size.
 *
 * @param input Opaque, of the picture's aspect ratio.
 * @returns In [-1, 1]; 0 if the gradient of one of them is constant.
 */
export function edgesKept(picture: Image, input: Image): number {
  return edgeCorrelation(picture, resizeImage(input, picture, { filter: "area" }));
}
