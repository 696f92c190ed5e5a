import { nearestColor } from "./nearest_color.ts";
import type { Palette } from "./palette.ts";

/** Which color of another palette stands for each color of a palette. */
export interface PaletteMatch {
  /** The other palette. */
  readonly palette: Palette;
  /** Index in it of each color, shape [K]. */
  readonly indices: Uint32Array;
  /** "index" if colors stand for those of the same index, "nearest" if for the nearest ones. */
  readonly by: "index" | "nearest";
}

/**
 * Lets the colors of one palette stand for those of another: one by one if there are as many, else
 * each is the nearest one (least squares in sRGB, as everywhere here).
 */
export function matchPalette(from: Palette, to: Palette): PaletteMatch {
  const by = from.size === to.size ? "index" : "nearest";
  const indices = Uint32Array.from(
    { length: from.size },
    (_, k) => by === "index" ? k : nearestColor(from.at(k), to.colors),
  );
  return { palette: to, indices, by };
}
