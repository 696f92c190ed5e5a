import type { Rgb } from "../image/image.ts";
import { nearestColor } from "../palette/nearest_color.ts";
import { toOklab } from "../palette/oklab.ts";
import type { Palette } from "../palette/palette.ts";
import { type IndexedPicture, neighborsOf } from "./indexed_picture.ts";

/**
 * Draws an outline of one pixel around the opaque part of a picture: each transparent pixel above,
 * beside or below an opaque one gets the color.
 *
 * @param color Index of the outline's color, in [0, K).
 * @returns A new picture; equal to the given one if nothing is transparent.
 */
export function outline(picture: IndexedPicture, color: number): IndexedPicture {
  const { palette, indices } = picture;
  const clear = palette.size;
  const outlined = indices.map((own, pixel) => {
    if (own !== clear) return own;
    for (const other of neighborsOf(picture, pixel)) {
      if (indices[other] !== clear) return color;
    }
    return clear;
  });
  return { ...picture, indices: outlined };
}

/** Returns the index of the darkest color of a palette, the usual one of outlines. */
function darkestColor(palette: Palette): number {
  const lightness = Array.from({ length: palette.size }, (_, k) => toOklab(palette.at(k))[0]);
  return lightness.indexOf(Math.min(...lightness));
}

/** Returns the index of the palette color that is nearest to a wanted outline. */
export function outlineColor(wanted: "auto" | Rgb, palette: Palette): number {
  return wanted === "auto" ? darkestColor(palette) : nearestColor(wanted, palette.colors);
}
