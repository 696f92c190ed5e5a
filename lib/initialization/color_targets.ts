import { nearestColor } from "../palette/nearest_color.ts";
import type { Palette } from "../palette/palette.ts";

/** Measure of the similarity of two colors. */
export type ColorSimilarity = "l1" | "l2" | "cosine_similarity";

/** Added to the cosine of the nearest color, to tell it from others of the same hue. */
const COSINE_MARGIN = 0.01;
/** Min divisor. Source: torch.nn.functional.cosine_similarity, `eps`. */
const MIN_NORM = 1e-8;

const SIMILARITIES: Readonly<
  Record<ColorSimilarity, (a: ArrayLike<number>, b: ArrayLike<number>) => number>
> = {
  l1: (a, b) => -sumOver((c) => Math.abs(a[c]! - b[c]!)),
  l2: (a, b) => -Math.sqrt(sumOver((c) => (a[c]! - b[c]!) ** 2)),
  cosine_similarity: (a, b) => {
    const normA = Math.sqrt(sumOver((c) => (2 * a[c]! - 1) ** 2));
    const normB = Math.sqrt(sumOver((c) => (2 * b[c]! - 1) ** 2));
    const product = sumOver((c) => (2 * a[c]! - 1) * (2 * b[c]! - 1));
    return product / (Math.max(normA, MIN_NORM) * Math.max(normB, MIN_NORM));
  },
};

/**
 * Computes the similarity of each pixel to each palette color, times the square root of K.
 *
 * "l1" and "l2" are negative distances in sRGB. "cosine_similarity" is the cosine of the angle
 * between two colors relative to middle gray. All grays lie on one line, so the nearest color gets
 * 1.01.
 *
 * Source of the formulas: https://github.com/AlexandreBinninger/SD-piXL, "init_distance".
 *
 * @param colors sRGB in [0, 1], shape [P, 3].
 * @returns Shape [P, K].
 */
export function colorTargets(
  colors: Float32Array,
  palette: Palette,
  similarity: ColorSimilarity,
): Float32Array<ArrayBuffer> {
  const paletteColors = Float64Array.from(palette.colors, (value) => value / 255);
  const compare = SIMILARITIES[similarity];
  const count = palette.size;
  const rows = Array.from({ length: count }, (_, k) => paletteColors.subarray(k * 3, k * 3 + 3));
  const scale = Math.sqrt(count);
  const targets = new Float32Array(colors.length / 3 * count);
  for (let i = 0; i * 3 < colors.length; i++) {
    const color = colors.subarray(i * 3, i * 3 + 3);
    for (let k = 0; k < count; k++) {
      targets[i * count + k] = scale * compare(color, rows[k]!);
    }
    if (similarity === "cosine_similarity") {
      const nearest = nearestColor(Array.from(color), paletteColors);
      targets[i * count + nearest] = scale * (1 + COSINE_MARGIN);
    }
  }
  return targets;
}

/** Sums over red, green and blue. */
function sumOver(value: (channel: number) => number): number {
  return value(0) + value(1) + value(2);
}
