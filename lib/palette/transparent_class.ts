import type { Rgb } from "../image/image.ts";
import { Palette } from "./palette.ts";

/**
 * The color that stands for the transparent class where a teacher needs an opaque image. The
 * project's own teachers were trained with it as the background of cut-out subjects.
 */
export const KEY_COLOR: Rgb = [255, 0, 255];

/**
 * Adds the transparent class to a palette: one more color at its end, which no color of the palette
 * equals. Runs compute with it; their results have index K instead.
 *
 * @returns K + 1 colors, of the same name.
 */
export function withTransparentClass(palette: Palette): Palette {
  return new Palette(palette.name, Uint8Array.of(...palette.colors, ...keyColor(palette)));
}

/**
 * Undoes {@linkcode withTransparentClass}.
 *
 * @returns The first K colors.
 */
export function withoutTransparentClass(palette: Palette): Palette {
  return new Palette(palette.name, palette.colors.slice(0, -3));
}

/** Returns the color of the transparent class: magenta, or the nearest one that is free. */
export function keyColor(palette: Palette): Rgb {
  const taken = new Set(Array.from({ length: palette.size }, (_, k) => palette.hexAt(k)));
  const [red, , blue] = KEY_COLOR;
  for (let green = 0;; green++) {
    const color: Rgb = [red, green, blue];
    if (!taken.has(color.map((value) => value.toString(16).padStart(2, "0")).join(""))) {
      return color;
    }
  }
}
