import type { ImageSize } from "../image/image.ts";
import type { PaletteMatch } from "./match_palette.ts";
import type { Palette } from "./palette.ts";

/** The probabilities of the colors of each pixel, before one color is chosen. */
export interface Mixture extends ImageSize {
  /** The colors. */
  readonly palette: Palette;
  /** Probability of each color, in [0, 1], shape [H, W, K]; they sum to 1 per pixel. */
  readonly probabilities: Float32Array;
  /** Index of the most probable color, the first on ties, shape [H, W]. */
  readonly indices: Uint32Array;
}

/**
 * Computes the mixture of logits: softmax at temperature 1.
 *
 * @param logits Shape [H, W, K].
 */
export function mixtureOfLogits(
  size: ImageSize,
  palette: Palette,
  logits: ArrayLike<number>,
): Mixture {
  const { height, width } = size;
  const count = palette.size;
  const expected = height * width * count;
  if (logits.length !== expected) {
    throw new RangeError(
      `Cannot mix ${count} colors in ${height}x${width} pixels: expected ${expected} logits, ` +
        `got ${logits.length}`,
    );
  }
  const probabilities = new Float32Array(expected);
  const indices = new Uint32Array(height * width);
  for (let pixel = 0; pixel < indices.length; pixel++) {
    const start = pixel * count;
    let best = 0;
    for (let k = 1; k < count; k++) if (logits[start + k]! > logits[start + best]!) best = k;
    indices[pixel] = best;
    const max = logits[start + best]!;
    let sum = 0;
    for (let k = 0; k < count; k++) sum += Math.exp(logits[start + k]! - max);
    for (let k = 0; k < count; k++) {
      probabilities[start + k] = Math.exp(logits[start + k]! - max) / sum;
    }
  }
  return { height, width, palette, probabilities, indices };
}

/**
 * Maps a mixture to another palette. Probabilities of colors that map to the same color are added.
 * The index of each pixel is mapped, too, even if another color has a higher sum.
 */
export function recolorMixture(mixture: Mixture, match: PaletteMatch): Mixture {
  const { height, width } = mixture;
  const { palette } = match;
  const [from, to] = [mixture.palette.size, palette.size];
  const probabilities = new Float32Array(height * width * to);
  for (let pixel = 0; pixel < height * width; pixel++) {
    for (let k = 0; k < from; k++) {
      probabilities[pixel * to + match.indices[k]!]! += mixture.probabilities[pixel * from + k]!;
    }
  }
  const indices = mixture.indices.map((index) => match.indices[index]!);
  return { height, width, palette, probabilities, indices };
}

/** Mixes the colors of each pixel by their probabilities: sRGB in [0, 1], shape [H, W, 3]. */
export function mixColors({ palette, probabilities, height, width }: Mixture): Float32Array {
  const colors = palette.toFloats();
  const mixed = new Float32Array(height * width * 3);
  for (let i = 0; i < probabilities.length; i++) {
    const [pixel, k] = [Math.floor(i / palette.size), i % palette.size];
    for (let c = 0; c < 3; c++) {
      mixed[pixel * 3 + c]! += probabilities[i]! * colors[k * 3 + c]!;
    }
  }
  return mixed;
}
