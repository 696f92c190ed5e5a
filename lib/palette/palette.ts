import type { Rgb } from "../image/image.ts";

/** What a color is made of, such as a bead or a thread. */
export interface Material {
  /** Code by which it is bought, such as "H05"; unique in its palette. */
  readonly code: string;
  /** Name, such as "Red"; empty if it has none. */
  readonly name: string;
}

/** A named, ordered list of colors. An index stands for the same color everywhere. */
export class Palette {
  /** Name of the palette, such as "sweetie-16". */
  readonly name: string;
  /** 8-bit sRGB, shape [K, 3]. */
  readonly colors: Uint8Array;
  /** Number of colors, K. */
  readonly size: number;
  /** What reading its file left out, one sentence each. */
  readonly notes: readonly string[];
  /** The material of each color, length K; undefined for colors alone. */
  readonly materials: readonly Material[] | undefined;

  /**
   * Wraps colors; the data is not copied.
   *
   * @param colors 8-bit sRGB, shape [K, 3], K of 1 or more.
   * @param notes What reading its file left out, one sentence each. Default: nothing.
   * @param materials The material of each color, length K. Default: colors alone.
   * @throws {RangeError} If there is no color, the last one is incomplete, or the number of
   * materials is not K.
   */
  constructor(
    name: string,
    colors: Uint8Array,
    notes: readonly string[] = [],
    materials?: readonly Material[],
  ) {
    if (colors.length === 0 || colors.length % 3 !== 0) {
      throw new RangeError(
        `Cannot create palette "${name}": expected three bytes per color, got ${colors.length} bytes`,
      );
    }
    if (materials !== undefined && materials.length !== colors.length / 3) {
      throw new RangeError(
        `Cannot create palette "${name}": expected ${colors.length / 3} materials, got ` +
          `${materials.length}`,
      );
    }
    this.name = name;
    this.colors = colors;
    this.size = colors.length / 3;
    this.notes = notes;
    this.materials = materials;
  }

  /** Returns color `index`, counted from 0. */
  at(index: number): Rgb {
    if (!Number.isInteger(index) || index < 0 || index >= this.size) {
      throw new RangeError(
        `Cannot find color ${index}: palette "${this.name}" has ${this.size} colors`,
      );
    }
    const [red, green, blue] = this.colors.subarray(index * 3);
    return [red!, green!, blue!];
  }

  /** Returns color `index` as six lower-case digits, such as "1a1c2c". */
  hexAt(index: number): string {
    return this.at(index).map((value) => value.toString(16).padStart(2, "0")).join("");
  }

  /** Returns the material of color `index`; without materials, its number from 1 is the code. */
  materialAt(index: number): Material {
    return this.materials?.[index] ?? { code: `${index + 1}`, name: "" };
  }

  /** Returns the colors as sRGB floats in [0, 1], shape [K, 3]. */
  toFloats(): Float32Array {
    return Float32Array.from(this.colors, (value) => value / 255);
  }

  /** Returns the text of a .hex file: one color per line. */
  toHexText(): string {
    return Array.from({ length: this.size }, (_, i) => `${this.hexAt(i)}\n`).join("");
  }
}

/** Two entries of a palette with the same color. */
export interface DuplicateColor {
  /** Index of the first entry, from 0. */
  readonly first: number;
  /** Index of the later entry, from 0. */
  readonly second: number;
}

/**
 * Finds duplicate colors of a palette.
 *
 * They do no harm, but later ones cost time and differ only in their index.
 */
export function duplicateColors(palette: Palette): DuplicateColor[] {
  const seen = new Map<string, number>();
  const duplicates: DuplicateColor[] = [];
  for (let i = 0; i < palette.size; i++) {
    const hex = palette.hexAt(i);
    const first = seen.get(hex);
    if (first === undefined) seen.set(hex, i);
    else duplicates.push({ first, second: i });
  }
  return duplicates;
}

const MAX_NAMED = 5;

/** Lists what a user should know about a palette before a long run, one sentence each. */
export function paletteWarnings(palette: Palette): string[] {
  const duplicates = duplicateColors(palette);
  const warnings = [
    ...palette.notes,
    ...duplicates.slice(0, MAX_NAMED).map(({ first, second }) =>
      `Palette "${palette.name}" holds #${palette.hexAt(first)} twice, as colors ` +
      `${first + 1} and ${second + 1}`
    ),
  ];
  if (duplicates.length > MAX_NAMED) {
    const others = duplicates.length - MAX_NAMED;
    warnings.push(`Palette "${palette.name}" holds ${others} more colors twice`);
  }
  if (palette.size === 1) {
    warnings.push(`Palette "${palette.name}" has a single color, so every picture is blank`);
  }
  return warnings;
}
