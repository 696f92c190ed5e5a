import type { ImageSize } from "../image/image.ts";
import { movesOf, orbitsOf, type Symmetry } from "./symmetry.ts";
import { WrongInputError } from "../text/wrong_input_error.ts";

/** Index of a pixel that keeps no color. */
export const FREE = -1;

/** What a picture obeys besides its grid and its palette, as the user asks for it. */
export interface RulesRequest {
  /** Which pixels share their color. */
  readonly symmetry: Symmetry;
  /** Max number of colors; undefined for no limit. */
  readonly maxColors: number | undefined;
  /** Palette indices that the limit never drops. */
  readonly lockedColors: readonly number[];
  /** Palette indices that no pixel takes. */
  readonly excludedColors: readonly number[];
  /**
   * Palette index that each pixel keeps, or {@linkcode FREE}, shape [H, W]; K is the transparent
   * class.
   */
  readonly kept: Int32Array | undefined;
  /** Whether pixels may have the transparent class, index K. Default: false. */
  readonly isTransparent?: boolean;
  /**
   * Weight of the costs of each pixel where those of several pixels are added, above 0, shape
   * [H, W]. Default: all are 1.
   */
  readonly importance?: Float64Array;
}

/** What a picture obeys besides its grid and its palette; checked. */
export interface PictureRules extends RulesRequest {
  /** Size of the picture. */
  readonly size: ImageSize;
  /** Number of colors of the palette, K. */
  readonly colors: number;
  /** Number of classes: K, or K + 1 with the transparent class. */
  readonly classes: number;
  /** Where the symmetry moves each pixel, see `movesOf`. */
  readonly moves: readonly Uint32Array[];
  /** First pixel of each pixel's orbit, shape [H, W]. */
  readonly orbits: Uint32Array;
}

/**
 * Checks that a picture can obey rules.
 *
 * @returns The rules; undefined if there are none.
 * @throws {WrongInputError} If they contradict each other, or do not fit the size or the palette.
 */
export function createRules(
  request: RulesRequest,
  size: ImageSize,
  colors: number,
): PictureRules | undefined {
  const { symmetry, maxColors, excludedColors, kept, importance, isTransparent } = request;
  const limits = maxColors !== undefined && maxColors < colors;
  const keeps = kept?.some((k) => k !== FREE) ?? false;
  const isFree = symmetry === "none" && !limits && excludedColors.length === 0 && !keeps;
  if (isFree && importance === undefined) return undefined;
  const moves = movesOf(symmetry, size);
  const orbits = orbitsOf(moves, size.height * size.width);
  const classes = isTransparent ? colors + 1 : colors;
  const rules = { ...request, size, colors, classes, moves, orbits };
  checkColors(rules);
  checkKept(rules);
  return rules;
}

function checkColors({ lockedColors, excludedColors, colors }: PictureRules): void {
  const excluded = new Set(excludedColors);
  const both = lockedColors.find((k) => excluded.has(k));
  if (both !== undefined) {
    throw new WrongInputError(`Cannot both lock and exclude color ${both}`);
  }
  if (excluded.size >= colors) {
    throw new WrongInputError(`Cannot exclude all ${colors} colors of the palette`);
  }
}

function checkKept(rules: PictureRules): void {
  const { kept = new Int32Array(), moves, maxColors, lockedColors, excludedColors, size } = rules;
  const colors = new Set(kept);
  colors.delete(FREE);
  // It is no color.
  colors.delete(rules.colors);
  const excluded = excludedColors.find((k) => colors.has(k));
  if (excluded !== undefined) {
    throw new WrongInputError(`Cannot exclude color ${excluded}: kept pixels have it`);
  }
  const fixed = new Set([...colors, ...lockedColors]).size;
  if (maxColors !== undefined && fixed > maxColors) {
    throw new WrongInputError(
      `Cannot keep ${fixed} colors, those that are locked, of kept pixels and of an outline: at ` +
        `most ${maxColors} are allowed`,
    );
  }
  for (const move of moves) {
    const i = kept.findIndex((k, i) =>
      k !== FREE && kept[move[i]!] !== FREE && kept[move[i]!] !== k
    );
    if (i < 0) continue;
    const [row, column] = [Math.floor(i / size.width), i % size.width];
    throw new WrongInputError(
      `Cannot keep pixels that are not symmetric: row ${row}, column ${column} and its mirror ` +
        `image differ`,
    );
  }
}
