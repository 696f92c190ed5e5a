import { nearestColor } from "./nearest_color.ts";
import type { Palette } from "./palette.ts";

/** A mapping of the colors of one palette to those of another. */
export interface PaletteMatch {
  /** The target palette. */
  readonly palette: Palette;
  /** Target index of each color, shape [K]. */
  readonly indices: Uint32Array;
  /** Whether colors map to the same index or to the nearest color. */
  readonly by: "index" | "nearest";
}

/**
 * Maps the colors of one palette to another: to the same index if both have the same size, else to
 * the nearest color (squared distance in sRGB).
 */
export function matchPalette(from: Palette, to: Palette): PaletteMatch {
  const by = from.size === to.size ? "index" : "nearest";
  const indices = Uint32Array.from(
    { length: from.size },
    (_, k) => by === "index" ? k : nearestColor(from.at(k), to.colors),
  );
  return { palette: to, indices, by };
}
