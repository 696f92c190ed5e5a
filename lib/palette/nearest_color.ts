import type { Image } from "../image/image.ts";
import { type ColorDistance, colorMetric } from "./color_metric.ts";
import type { Palette } from "./palette.ts";

/**
 * Finds the nearest palette color of each pixel, the first on ties. Alpha is ignored.
 *
 * @returns Palette index of each pixel, shape [H, W].
 */
export function nearestColors(
  image: Image,
  palette: Palette,
  distance: ColorDistance = "srgb",
): Uint32Array<ArrayBuffer> {
  const metric = colorMetric(distance);
  const colors = Array.from({ length: palette.size }, (_, k) => metric.convert(palette.at(k)));
  const indices = new Uint32Array(image.height * image.width);
  const known = new Map<number, number>();
  for (let i = 0; i < indices.length; i++) {
    const [red, green, blue] = image.data.subarray(i * 4, i * 4 + 3);
    const key = (red! << 16) | (green! << 8) | blue!;
    let index = known.get(key);
    if (index === undefined) {
      const color = metric.convert([red!, green!, blue!]);
      const distances = colors.map((other) => metric.squared(color, other));
      index = distances.indexOf(Math.min(...distances));
      known.set(key, index);
    }
    indices[i] = index;
  }
  return indices;
}

/**
 * Finds the nearest of several colors in sRGB, the first on ties.
 *
 * @param color sRGB in the unit of `colors`.
 * @param colors Shape [K, 3].
 * @returns Index in [0, K).
 */
export function nearestColor(
  color: readonly number[],
  colors: ArrayLike<number>,
): number {
  let best = 0;
  let bestDistance = Infinity;
  for (let k = 0; k * 3 < colors.length; k++) {
    let sum = 0;
    for (let c = 0; c < 3; c++) {
      const difference = color[c]! - colors[k * 3 + c]!;
      sum += difference * difference;
    }
    if (sum >= bestDistance) continue;
    best = k;
    bestDistance = sum;
  }
  return best;
}
