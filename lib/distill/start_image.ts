import { compositeAlpha } from "../image/composite_alpha.ts";
import type { Image, ImageSize, Rgb } from "../image/image.ts";
import { resizeImage } from "../image/resize_image.ts";

/** What is seen through an input image. */
const BACKGROUND: Rgb = [255, 255, 255];

/**
 * Prepares an input image: laid over white, cut to the picture's aspect ratio about its middle, and
 * brought to the least whole number of pixels per pixel of the picture at which it has the size of
 * the teacher's image or more.
 *
 * @returns Opaque, of n H x n W pixels.
 */
export function prepareStartImage(image: Image, picture: ImageSize, teacherSize: ImageSize): Image {
  const factor = Math.max(
    1,
    Math.ceil(teacherSize.height / picture.height),
    Math.ceil(teacherSize.width / picture.width),
  );
  const size = { height: picture.height * factor, width: picture.width * factor };
  return resizeImage(compositeAlpha(image, BACKGROUND), size, { fit: "crop" });
}
