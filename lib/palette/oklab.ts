import type { Rgb } from "../image/image.ts";

/** A color in OKLab: lightness L in [0, 1], a (green to red) and b (blue to yellow). */
export type Oklab = readonly [lightness: number, redness: number, yellowness: number];

/**
 * Converts a color to OKLab, which is perceptually uniform.
 *
 * Source: Ottosson 2020, https://bottosson.github.io/posts/oklab; sRGB's curve from IEC 61966-2-1.
 */
export function toOklab(color: Rgb): Oklab {
  const [red, green, blue] = color.map((value) => toLinear(value / 255)) as [
    number,
    number,
    number,
  ];
  const long = Math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue);
  const middle = Math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue);
  const short = Math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue);
  return [
    0.2104542553 * long + 0.793617785 * middle - 0.0040720468 * short,
    1.9779984951 * long - 2.428592205 * middle + 0.4505937099 * short,
    0.0259040371 * long + 0.7827717662 * middle - 0.808675766 * short,
  ];
}

/**
 * Converts a color of OKLab to 8-bit sRGB. Colors outside of sRGB are clipped.
 *
 * Source: Ottosson 2020, https://bottosson.github.io/posts/oklab.
 */
export function fromOklab([lightness, redness, yellowness]: Oklab): Rgb {
  const long = (lightness + 0.3963377774 * redness + 0.2158037573 * yellowness) ** 3;
  const middle = (lightness - 0.1055613458 * redness - 0.0638541728 * yellowness) ** 3;
  const short = (lightness - 0.0894841775 * redness - 1.291485548 * yellowness) ** 3;
  return [
    toByte(4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short),
    toByte(-1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short),
    toByte(-0.0041960863 * long - 0.7034186147 * middle + 1.707614701 * short),
  ];
}

function toByte(linear: number): number {
  const value = linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055;
  return Math.round(255 * Math.min(1, Math.max(0, value)));
}

function toLinear(value: number): number {
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

/** Returns the distance of two colors in OKLab; black and white are 1 apart. */
export function oklabDistance(a: Oklab, b: Oklab): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}
