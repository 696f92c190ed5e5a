import { Image, type Rgb } from "./image.ts";

/**
 * Composites an image over one color.
 *
 * Color = background + (foreground - background) · alpha / 255, rounded to 8 bits.
 *
 * @returns A new opaque image, or `image` itself if it is opaque.
 */
export function compositeAlpha(image: Image, background: Rgb): Image {
  if (!image.isTransparent()) return image;
  const flat = new Image(image);
  for (let i = 0; i < image.data.length; i += 4) {
    const alpha = image.data[i + 3]! / 255;
    for (let c = 0; c < 3; c++) {
      const under = background[c]!;
      flat.data[i + c] = Math.round(under + (image.data[i + c]! - under) * alpha);
    }
    flat.data[i + 3] = 255;
  }
  return flat;
}
