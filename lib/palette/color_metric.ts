// @ts-types="npm:@types/culori@4.0.1"
import { converter, differenceCiede2000 } from "npm:culori@4.0.2";
import type { Rgb } from "../image/image.ts";
import { toOklab } from "./oklab.ts";

/** The distance by which colors are matched. */
export type ColorDistance = "srgb" | "oklab" | "ciede2000";

/** All distances, the default first. */
export const COLOR_DISTANCES: readonly ColorDistance[] = ["srgb", "oklab", "ciede2000"];

/** Coordinates of a color in the space of a metric. */
export type Coordinates = readonly [number, number, number];

/** Compares colors. */
export interface ColorMetric {
  /** Converts 8-bit sRGB. */
  convert(color: Rgb): Coordinates;
  /** Returns the squared distance of two colors. */
  squared(a: Coordinates, b: Coordinates): number;
}

const toLab = converter("lab65");
const deltaE = differenceCiede2000();

const METRICS: Readonly<Record<ColorDistance, ColorMetric>> = {
  srgb: { convert: (color) => color, squared: squaredLength },
  oklab: { convert: toOklab, squared: squaredLength },
  ciede2000: {
    convert: ([red, green, blue]) => {
      const { l, a, b } = toLab({ mode: "rgb", r: red / 255, g: green / 255, b: blue / 255 });
      return [l, a, b];
    },
    squared: (first, second) => deltaE(labOf(first), labOf(second)) ** 2,
  },
};

/**
 * Returns the metric of a distance: Euclidean in 8-bit sRGB or in OKLab, or CIEDE2000.
 *
 * Source of CIEDE2000: Sharma, Wu & Dalal 2005, as computed by culori.
 */
export function colorMetric(distance: ColorDistance): ColorMetric {
  return METRICS[distance];
}

function labOf([l, a, b]: Coordinates) {
  return { mode: "lab65" as const, l, a, b };
}

function squaredLength(a: Coordinates, b: Coordinates): number {
  return (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2;
}
