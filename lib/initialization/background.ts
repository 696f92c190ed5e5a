import type { Image, Rgb } from "../image/image.ts";
import { nearestColors } from "../palette/nearest_color.ts";
import { toOklab } from "../palette/oklab.ts";
import type { Palette } from "../palette/palette.ts";
import { isColorIndex, parseCssColor } from "../text/css_colors.ts";
import { WrongInputError } from "../text/wrong_input_error.ts";

/** Pixels with at least this alpha belong to the subject. */
export const MIN_SUBJECT_ALPHA = 128;
/** Colors of a smaller share of the subject's border do not count. */
const MIN_BORDER_SHARE = 0.02;
/** Colors of a smaller share of the subject do not count. */
const MIN_SUBJECT_SHARE = 0.05;
/** Weight of the distance to a color inside the subject; that to a color of its border has 1. */
const INSIDE_WEIGHT = 2;

/**
 * Returns the background of a transparent image: the color that the config names, or with "auto"
 * the palette color that is most unlike the subject.
 *
 * @param text "auto", an index of the palette, a hexadecimal color or a CSS name.
 * @throws {WrongInputError} If the text is none of them.
 */
export function findBackground(text: string, image: Image, palette: Palette): Rgb {
  return namedBackground(text, palette) ?? palette.at(chooseBackground(image, palette));
}

/**
 * Returns the background that the config names; undefined for "auto".
 *
 * @param text "auto", an index of the palette, a hexadecimal color or a CSS name.
 * @throws {WrongInputError} If the text is none of them.
 */
export function namedBackground(text: string, palette: Palette): Rgb | undefined {
  if (text === "auto") return undefined;
  const color = parseCssColor(text);
  if (color !== undefined) return color;
  const index = isColorIndex(text) ? Number(text) : NaN;
  if (index < palette.size) return palette.at(index);
  throw new WrongInputError(
    `Cannot use the background "${text}": expected auto, a color such as #1a1c2c or white, or an ` +
      `index of the palette, which has ${palette.size} colors`,
  );
}

/**
 * Chooses the palette color that is farthest, in OKLab, from the colors of the subject's border and
 * distinct from its main colors. The first wins ties.
 *
 * @param image With transparent pixels.
 * @returns Index in `palette`.
 */
export function chooseBackground(image: Image, palette: Palette): number {
  const nearest = nearestColors(image, palette);
  const inside = new Uint32Array(palette.size);
  const border = new Uint32Array(palette.size);
  for (const [i, k] of nearest.entries()) {
    if (!isSubject(image, i)) continue;
    inside[k]! += 1;
    if (isBorder(image, i)) border[k]! += 1;
  }
  const borderColors = frequent(border, MIN_BORDER_SHARE);
  const insideColors = frequent(inside, MIN_SUBJECT_SHARE);
  const labs = Array.from({ length: palette.size }, (_, k) => toOklab(palette.at(k)));
  const distance = (a: number, b: number) =>
    Math.hypot(...labs[a]!.map((value, c) => value - labs[b]![c]!));
  const scores = labs.map((_, k) =>
    Math.min(
      ...borderColors.map((other) => distance(k, other)),
      ...insideColors.map((other) => INSIDE_WEIGHT * distance(k, other)),
    )
  );
  return scores.indexOf(Math.max(...scores));
}

function isSubject({ data }: Image, pixel: number): boolean {
  return data[pixel * 4 + 3]! >= MIN_SUBJECT_ALPHA;
}

/** Tells whether a pixel of the subject has a transparent neighbor. */
function isBorder(image: Image, pixel: number): boolean {
  const { height, width } = image;
  const [x, y] = [pixel % width, Math.floor(pixel / width)];
  return (x > 0 && !isSubject(image, pixel - 1)) ||
    (x < width - 1 && !isSubject(image, pixel + 1)) ||
    (y > 0 && !isSubject(image, pixel - width)) ||
    (y < height - 1 && !isSubject(image, pixel + width));
}

/** Lists the indices with at least a share of all counts. */
function frequent(counts: Uint32Array, share: number): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return [...counts.keys()].filter((k) => counts[k]! > 0 && counts[k]! >= share * total);
}
