import type { Image } from "../image/image.ts";
import type { Palette } from "./palette.ts";

/** Distance of colors in sRGB: sum of squares (l2) or of absolute values (l1). */
export type ColorDistance = "l1" | "l2";

/**
 * Finds the nearest palette color of each pixel, the first on ties. Alpha is ignored.
 *
 * @returns Palette index of each pixel, shape [H, W].
 */
export function nearestColors(
  image: Image,
  palette: Palette,
  distance: ColorDistance = "l2",
): Uint32Array<ArrayBuffer> {
  const indices = new Uint32Array(image.height * image.width);
  const known = new Map<number, number>();
  for (let i = 0; i < indices.length; i++) {
    const [red, green, blue] = image.data.subarray(i * 4, i * 4 + 3);
    const key = (red! << 16) | (green! << 8) | blue!;
    let index = known.get(key);
    if (index === undefined) {
      index = nearestColor([red!, green!, blue!], palette.colors, distance);
      known.set(key, index);
    }
    indices[i] = index;
  }
  return indices;
}

/**
 * Finds the nearest of several colors, the first on ties.
 *
 * @param color sRGB in the unit of `colors`.
 * @param colors Shape [K, 3].
 * @returns Index in [0, K).
 */
export function nearestColor(
  color: readonly number[],
  colors: ArrayLike<number>,
  distance: ColorDistance = "l2",
): number {
  let best = 0;
  let bestDistance = Infinity;
  for (let k = 0; k * 3 < colors.length; k++) {
    let sum = 0;
    for (let c = 0; c < 3; c++) {
      const difference = color[c]! - colors[k * 3 + c]!;
      sum += distance === "l2" ? difference * difference : Math.abs(difference);
    }
    if (sum >= bestDistance) continue;
    best = k;
    bestDistance = sum;
  }
  return best;
}
