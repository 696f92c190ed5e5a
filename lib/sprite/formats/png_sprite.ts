import { hasTransparency, type IndexedPicture } from "../../finish/indexed_picture.ts";
import { encodeIndexedPng, encodePng, MAX_INDEXED_COLORS } from "../../image/encode_png.ts";
import { enlargeIndices, enlargeNearest } from "../../image/enlarge_nearest.ts";
import { Image } from "../../image/image.ts";
import { firstFrame } from "../sprite.ts";
import type { SpriteFormat } from "../sprite_format.ts";

/** PNG: indexed, with the palette as it is. */
export const PNG_SPRITE: SpriteFormat = {
  name: "png",
  extension: ".png",
  hasFrames: false,
  encode: (sprite, { factor = 1 } = {}) => encodeIndexedPicture(firstFrame(sprite), factor),
};

/**
 * Encodes a picture as a PNG: indexed if its colors and the transparent class fit, else in true
 * color.
 *
 * @param factor Each pixel becomes a square of `factor` x `factor`; integer, 1 or more.
 */
export function encodeIndexedPicture(
  picture: IndexedPicture,
  factor: number = 1,
): Uint8Array<ArrayBuffer> {
  const { palette, indices } = picture;
  const hasTransparentIndex = hasTransparency(picture);
  if (palette.size + (hasTransparentIndex ? 1 : 0) > MAX_INDEXED_COLORS) {
    return encodePng(enlargeNearest(imageOf(picture), factor));
  }
  const size = { height: picture.height * factor, width: picture.width * factor };
  const enlarged = enlargeIndices(picture, indices, factor);
  return encodeIndexedPng(size, enlarged, palette.colors, { hasTransparentIndex });
}

/** Returns a picture as an image; its transparent pixels have alpha 0. */
export function imageOf({ height, width, palette, indices }: IndexedPicture): Image {
  const colors = Uint8Array.of(...palette.colors, 0, 0, 0);
  const image = Image.fromIndices({ height, width }, indices, colors);
  for (const [i, index] of indices.entries()) {
    if (index === palette.size) image.data[i * 4 + 3] = 0;
  }
  return image;
}
