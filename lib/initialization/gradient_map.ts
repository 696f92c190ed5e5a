import { Image, type Rgb } from "../image/image.ts";
import { toOklab } from "../palette/oklab.ts";
import type { Palette } from "../palette/palette.ts";

/** Colors with a lower chroma in OKLab are grays. */
const MIN_CHROMA = 0.04;
/** Cosine of the max angle between the hue of a color and that of the palette: 40 degrees. */
const MIN_COSINE = 0.766;
/** Share of the pixels that are clipped at the dark end, and at the light end. */
const CLIPPED_SHARE = 0.02;

/** Tells whether all colors of a palette have one hue, as those of the Game Boy, or are grays. */
export function isOneHue(palette: Palette): boolean {
  if (palette.size < 2) return false;
  const hues = Array.from({ length: palette.size }, (_, k) => toOklab(palette.at(k)))
    .map(([, redness, yellowness]) => [redness, yellowness] as const)
    .filter((hue) => Math.hypot(...hue) >= MIN_CHROMA);
  const sum = hues.reduce(([a, b], [c, d]) => [a + c, b + d] as const, [0, 0] as const);
  const length = Math.hypot(...sum);
  return hues.every(([a, b]) =>
    (a * sum[0] + b * sum[1]) / (Math.hypot(a, b) * length) >= MIN_COSINE
  );
}

/**
 * Maps the lightness of an image to the colors of a palette, ordered from dark to light. The
 * lightness is stretched to the whole palette.
 *
 * Without it, image colors that differ in hue only become one color of a palette of one hue.
 *
 * @param image Opaque.
 */
export function gradientMap(image: Image, palette: Palette): Image {
  const shades = Array.from({ length: palette.size }, (_, k) => palette.at(k))
    .sort((a, b) => toOklab(a)[0] - toOklab(b)[0]);
  const lightness = lightnessOf(image);
  const [dark, light] = rangeOf(lightness);
  const data = new Uint8Array(image.data);
  for (const [pixel, value] of lightness.entries()) {
    const position = Math.min(1, Math.max(0, (value - dark) / (light - dark || 1)));
    data.set(mixShades(shades, position * (shades.length - 1)), pixel * 4);
  }
  return new Image({ height: image.height, width: image.width }, data);
}

/** Lightness of each pixel in OKLab, in [0, 1]. */
function lightnessOf({ data }: Image): Float32Array {
  return Float32Array.from(
    { length: data.length / 4 },
    (_, i) => toOklab([data[i * 4]!, data[i * 4 + 1]!, data[i * 4 + 2]!])[0],
  );
}

/** Finds the lightness that is mapped to the darkest color, and that to the lightest. */
function rangeOf(lightness: Float32Array): readonly [dark: number, light: number] {
  const sorted = lightness.toSorted();
  const clipped = Math.floor(sorted.length * CLIPPED_SHARE);
  return [sorted[clipped]!, sorted.at(-1 - clipped)!];
}

function mixShades(shades: readonly Rgb[], position: number): Rgb {
  const lower = Math.min(shades.length - 2, Math.floor(position));
  const [a, b] = [shades[lower]!, shades[lower + 1]!];
  const mix = (c: 0 | 1 | 2) => Math.round(a[c] + (b[c] - a[c]) * (position - lower));
  return [mix(0), mix(1), mix(2)];
}
