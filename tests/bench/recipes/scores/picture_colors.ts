import type { Image } from "../../../../lib/image/image.ts";

/** Returns each pixel's color as one number, 0xRRGGBB, shape [H, W]; without alpha. */
export function packedColors({ height, width, data }: Image): Uint32Array {
  return Uint32Array.from({ length: height * width }, (_, i) => {
    return (data[i * 4]! << 16) | (data[i * 4 + 1]! << 8) | data[i * 4 + 2]!;
  });
}

/** Counts the different colors of a picture. */
export function colorsUsed(picture: Image): number {
  return new Set(packedColors(picture)).size;
}
