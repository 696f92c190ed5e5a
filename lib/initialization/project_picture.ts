import { Image, type ImageSize } from "../image/image.ts";
import { resizeImage } from "../image/resize_image.ts";
import { nearestColors } from "../palette/nearest_color.ts";
import type { Palette } from "../palette/palette.ts";
import { gradientMap, isOneHue } from "./gradient_map.ts";

/** Constraint of a picture. */
export interface PictureConstraint {
  /** Grid of the picture. */
  readonly size: ImageSize;
  /** Colors of the picture. */
  readonly palette: Palette;
  /** Whether an image is mapped by lightness to a palette of one hue. */
  readonly gradientMap: boolean;
}

/**
 * Projects an image onto the grid and the palette of a picture: the area average of each cell, then
 * the nearest palette color.
 *
 * @param image Opaque, of the picture's aspect ratio.
 * @returns An image of the picture's size, in the palette's colors.
 */
export function projectPicture(image: Image, constraint: PictureConstraint): Image {
  const { size, palette } = constraint;
  const isMapped = constraint.gradientMap && isOneHue(palette);
  const source = isMapped ? gradientMap(image, palette) : image;
  const small = resizeImage(source, size, { fit: "stretch", filter: "area" });
  return Image.fromIndices(size, nearestColors(small, palette), palette.colors);
}
