import type { Rgb } from "../image/image.ts";
import { nearestColor } from "../palette/nearest_color.ts";
import { toOklab } from "../palette/oklab.ts";
import type { Palette } from "../palette/palette.ts";
import { type IndexedPicture, neighborsOf, type Wraps } from "./indexed_picture.ts";

/**
 * Draws an outline of one pixel around the opaque part of a picture: each transparent pixel above,
 * beside or below an opaque one gets the color.
 *
 * @param color Index of the outline's color, in [0, K).
 * @param wraps Axes along which it continues at the opposite border. Default: none.
 * @returns A new picture; equal to the given one if nothing is transparent.
 */
export function outline(
  picture: IndexedPicture,
  color: number,
  wraps?: Wraps,
): IndexedPicture {
  const { palette, indices } = picture;
  const clear = palette.size;
  const outlined = indices.map((own, pixel) => {
    if (own !== clear) return own;
    for (const other of neighborsOf(picture, pixel, wraps)) {
      if (indices[other] !== clear) return color;
    }
    return clear;
  });
  return { ...picture, indices: outlined };
}

/**
 * Returns the index of the palette color that is nearest to a wanted outline; for "auto" the
 * darkest one, the usual color of outlines.
 *
 * @param excluded Indices that it must not be. Default: none.
 */
export function outlineColor(
  wanted: "auto" | Rgb,
  palette: Palette,
  excluded: readonly number[] = [],
): number {
  const allowed = Array.from({ length: palette.size }, (_, k) => k)
    .filter((k) => !excluded.includes(k));
  if (wanted !== "auto") {
    const colors = Uint8Array.from(allowed.flatMap((k) => palette.at(k)));
    return allowed[nearestColor(wanted, colors)]!;
  }
  const lightness = allowed.map((k) => toOklab(palette.at(k))[0]);
  return allowed[lightness.indexOf(Math.min(...lightness))]!;
}
