import { toOklab } from "./oklab.ts";
import type { Palette } from "./palette.ts";

/** All orders of swatches. */
export const COLOR_ORDERS = ["none", "hue", "lightness"] as const;

/** Order of swatches: as in the palette, by hue or by lightness. */
export type ColorOrder = typeof COLOR_ORDERS[number];

/** Below this chroma in OKLab, a color counts as gray. */
const GRAY_CHROMA = 0.03;

/**
 * Returns the indices of a palette's colors in an order. The palette does not change.
 *
 * By lightness, the darkest comes first. By hue, grays come first, then red, yellow, green, blue,
 * pink; ties are sorted by lightness, then by index.
 */
export function colorOrder(palette: Palette, order: ColorOrder): number[] {
  const indices = Array.from({ length: palette.size }, (_, i) => i);
  if (order === "none") return indices;
  const keys = indices.map((i) => {
    const [lightness, redness, yellowness] = toOklab(palette.at(i));
    return { lightness, hue: order === "hue" ? hueOf(redness, yellowness) : 0 };
  });
  return indices.sort((a, b) =>
    keys[a]!.hue - keys[b]!.hue || keys[a]!.lightness - keys[b]!.lightness || a - b
  );
}

/** Returns whole degrees in [0, 360), pure red about 29; -1 for a gray. */
function hueOf(redness: number, yellowness: number): number {
  if (Math.hypot(redness, yellowness) < GRAY_CHROMA) return -1;
  const degrees = Math.atan2(yellowness, redness) * 180 / Math.PI;
  return Math.round(degrees + 360) % 360;
}
