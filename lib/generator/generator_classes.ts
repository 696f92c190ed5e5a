import type { Palette } from "../palette/palette.ts";

/** Each class is a color of a palette. */
export interface PaletteClasses {
  /** Kind of the classes. */
  readonly kind: "palette";
  /** The colors; class k is color k. */
  readonly palette: Palette;
}

/** What the pixels of a picture are chosen from, by kind. */
export type GeneratorClasses = PaletteClasses;

/** Returns the number of classes, K. */
export function countClasses(classes: GeneratorClasses): number {
  return classes.palette.size;
}
