import type { RunConfig } from "../../config/run_config.ts";
import { createRules, FREE, type PictureRules } from "../constraint/picture_rules.ts";
import type { Image, ImageSize } from "../image/image.ts";
import { resizeImage } from "../image/resize_image.ts";
import { nearestColors } from "../palette/nearest_color.ts";
import type { Palette } from "../palette/palette.ts";
import { isColorIndex, parseCssColor } from "../text/css_colors.ts";
import { defined } from "../text/defined.ts";
import { MIN_SUBJECT_ALPHA } from "./background.ts";
import { outlineOf } from "./config_finish.ts";
import { derivedPaletteName } from "./initialize.ts";
import { WrongInputError } from "../text/wrong_input_error.ts";

/** Images that the rules of a config refer to. */
export interface RuleImages {
  /** White where the picture may change; of any size. Default: all of it may. */
  readonly mask?: Image;
  /** Opaque where the picture has these pixels, of its size. Default: nowhere. */
  readonly keep?: Image;
  /** Bright where errors count more; of any size. Default: all pixels count alike. */
  readonly importance?: Image;
}

/** What {@linkcode rulesOf} depends on besides the config. */
export interface RuleInputs extends RuleImages {
  /** Palette of the picture, without the transparent class. */
  readonly palette: Palette;
  /** Palette index of each pixel before the first step, shape [H, W]; a mask refers to it. */
  readonly first?: Uint32Array;
}

/** A brightness of at least this lets a pixel change. */
const MIN_MASK = 128 / 255;

/**
 * Reads the rules of a config.
 *
 * @returns Undefined if there are none.
 * @throws {WrongInputError} If they contradict each other, or do not fit the size or the palette.
 */
export function rulesOf(
  config: Pick<RunConfig, "generator" | "constraint" | "finish">,
  { palette, mask, keep, importance, first }: RuleInputs,
): PictureRules | undefined {
  const { generator, constraint } = config;
  const size = { height: generator.imageH, width: generator.imageW };
  const kept = keep && keptColors(keep, size, palette);
  const held = mask && first ? heldColors(mask, size, first) : undefined;
  const excluded = constraint.excludeColors.flatMap((text) => indicesOf(text, palette));
  const locked = constraint.lockColors.map((text) => indicesOf(text, palette)[0]!);
  const request = {
    symmetry: constraint.symmetry,
    maxColors: constraint.maxColors ?? undefined,
    lockedColors: distinct(locked),
    excludedColors: distinct(excluded),
    kept: kept && held ? kept.map((own, i) => own === FREE ? held[i]! : own) : kept ?? held,
    isTransparent: generator.transparent,
    ...defined({ importance: importance && importanceOf(importance, size) }),
  };
  const rules = createRules(request, size, palette.size);
  const outline = outlineOf(config, palette, rules?.excludedColors ?? []);
  if (rules === undefined || outline === undefined) return rules;
  // It is drawn later, and counts as a color.
  const lockedColors = distinct([...rules.lockedColors, outline]);
  return createRules({ ...request, lockedColors }, size, palette.size);
}

/** The weight of a black pixel: its colors still matter, if nothing else does. */
const MIN_IMPORTANCE = 1 / 255;

/**
 * Returns the weight of each pixel from the brightness of an image.
 *
 * @returns From 1/255, black or transparent, to 1, white; shape [H, W].
 */
export function importanceOf(image: Image, size: ImageSize): Float64Array<ArrayBuffer> {
  return brightnessOf(image, size).map((value) => Math.max(MIN_IMPORTANCE, value));
}

/**
 * Checks the rules of a config, before anything is loaded.
 *
 * @throws {WrongInputError} As {@linkcode rulesOf}; also if colors are named of a palette that is
 * made from the image.
 * @throws {TypeError} If an image that the config names is missing, or there is a mask without an
 * input image.
 */
export function checkRules(
  config: RunConfig,
  images: RuleImages & { readonly palette: Palette; readonly image?: Image },
): void {
  const { constraint } = config;
  for (const name of ["mask", "keep", "importance"] as const) {
    if (constraint[name] === null || images[name]) continue;
    throw new TypeError(
      `Cannot create a run: expected the decoded ${name} "${constraint[name]}" as input, got none`,
    );
  }
  if (images.mask && !images.image) {
    throw new WrongInputError(
      "Cannot use a mask without an input image: it says what of it may change",
    );
  }
  const namesColors = constraint.lockColors.length > 0 || constraint.excludeColors.length > 0 ||
    constraint.keep !== null;
  if (derivedPaletteName(config) === undefined) {
    rulesOf(config, images);
  } else if (namesColors) {
    throw new WrongInputError(
      "Cannot name colors of the palette: it is made from the image; choose a palette with " +
        "--palette",
    );
  }
}

/** Tells whether pixels of a picture stay as they are. */
export function keepsPixels({ constraint }: Pick<RunConfig, "constraint">): boolean {
  return constraint.mask !== null || constraint.keep !== null;
}

function distinct(indices: readonly number[]): number[] {
  return [...new Set(indices)];
}

/**
 * Finds a color in a palette: the indices of all that are equal. Pixels have the first of them.
 *
 * @param text An index, a hexadecimal color or a CSS name.
 * @returns At least one index.
 * @throws {WrongInputError} If the palette does not have it.
 */
function indicesOf(text: string, palette: Palette): number[] {
  const all = Array.from({ length: palette.size }, (_, k) => k);
  const color = parseCssColor(text) ??
    (isColorIndex(text) && Number(text) < palette.size ? palette.at(Number(text)) : undefined);
  const found = color === undefined
    ? []
    : all.filter((k) => palette.at(k).every((value, c) => value === color[c]));
  if (found.length > 0) return found;
  throw new WrongInputError(
    `Cannot find the color "${text}": expected a color of the palette "${palette.name}", such as ` +
      `#${palette.hexAt(0)}, or an index below ${palette.size}`,
  );
}

/** Returns the palette index of each opaque pixel of a picture. */
function keptColors(keep: Image, size: ImageSize, palette: Palette): Int32Array {
  const { height, width } = size;
  if (keep.height !== height || keep.width !== width) {
    throw new WrongInputError(
      `Cannot keep pixels of another size: expected an image of ${height}x${width}, got ` +
        `${keep.height}x${keep.width}`,
    );
  }
  return Int32Array.from(nearestColors(keep, palette), (k, i) => {
    if (keep.data[i * 4 + 3]! < MIN_SUBJECT_ALPHA) return FREE;
    const color = keep.data.subarray(i * 4, i * 4 + 3);
    if (palette.at(k).every((value, c) => value === color[c])) return k;
    throw new WrongInputError(
      `Cannot keep the pixel in row ${Math.floor(i / width)}, column ${i % width}: its color ` +
        `#${color.toHex()} is not in the palette "${palette.name}"`,
    );
  });
}

/** Returns the first color of each pixel that a mask does not let change. */
function heldColors(mask: Image, size: ImageSize, first: Uint32Array): Int32Array {
  const brightness = brightnessOf(mask, size);
  return Int32Array.from(first, (own, i) => brightness[i]! < MIN_MASK ? own : FREE);
}

/** Returns the mean of red, green and blue times alpha of each pixel, in [0, 1], shape [H, W]. */
function brightnessOf(image: Image, size: ImageSize): Float64Array<ArrayBuffer> {
  const { data } = resizeImage(image, size, { fit: "crop", filter: "area" });
  return Float64Array.from({ length: size.height * size.width }, (_, i) => {
    const [red, green, blue, alpha] = data.subarray(i * 4);
    return (red! + green! + blue!) / (3 * 255) * alpha! / 255;
  });
}
