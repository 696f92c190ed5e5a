import type { Image, Rgb } from "../../../../lib/image/image.ts";
import { nearestColor } from "../../../../lib/palette/nearest_color.ts";
import type { Palette } from "../../../../lib/palette/palette.ts";

/**
 * Scores the background: the share of pixels on the border of a picture that have the palette color
 * nearest to the requested one.
 *
 * @param picture A picture in colors of the palette.
 * @param asked Requested color, 8-bit sRGB.
 * @returns In [0, 1].
 */
export function backgroundKept(picture: Image, palette: Palette, asked: Rgb): number {
  const wanted = palette.at(nearestColor(asked, palette.colors));
  const { height, width, data } = picture;
  let [kept, border] = [0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const isBorder = y === 0 || x === 0 || y === height - 1 || x === width - 1;
      if (!isBorder) continue;
      const at = (y * width + x) * 4;
      border++;
      if (wanted.every((value, c) => data[at + c] === value)) kept++;
    }
  }
  return kept / border;
}
