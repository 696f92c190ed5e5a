import type { IndexedPicture } from "../finish/indexed_picture.ts";
import { Palette } from "../palette/palette.ts";

/**
 * Gives pictures one palette: that of the first, with the colors behind it that only later ones
 * have. Pictures of the same palette stay as they are.
 */
export function sharePalette(pictures: readonly IndexedPicture[]): IndexedPicture[] {
  const [first] = pictures;
  if (first === undefined) return [];
  const colors = [...first.palette.colors];
  const known = new Map<string, number>();
  for (let k = 0; k < first.palette.size; k++) {
    const hex = first.palette.hexAt(k);
    if (!known.has(hex)) known.set(hex, k);
  }
  const maps = pictures.map(({ palette }) => {
    if (palette.toHexText() === first.palette.toHexText()) return undefined;
    return Array.from({ length: palette.size }, (_, k) => {
      const hex = palette.hexAt(k);
      let index = known.get(hex);
      if (index === undefined) {
        index = colors.length / 3;
        known.set(hex, index);
        colors.push(...palette.at(k));
      }
      return index;
    });
  });
  const isLonger = colors.length > first.palette.colors.length;
  const shared = isLonger ? new Palette("shared", Uint8Array.from(colors)) : first.palette;
  return pictures.map((picture, i) => ({
    ...picture,
    palette: shared,
    indices: picture.indices.map((index) =>
      index === picture.palette.size ? shared.size : maps[i]?.[index] ?? index
    ),
  }));
}
