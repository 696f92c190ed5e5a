import type { GeneratorConfig, RunConfig } from "../../config/run_config.ts";
import type { Image } from "../image/image.ts";
import { nearestColors } from "../palette/nearest_color.ts";
import type { Palette } from "../palette/palette.ts";
import { keyColor, withTransparentClass } from "../palette/transparent_class.ts";
import { cutOut } from "./cut_out.ts";
import { gradientMap, isOneHue } from "./gradient_map.ts";
import { logitsFromColors } from "./logits_from_colors.ts";
import { exactClasses, type PixelClasses } from "./pixel_classes.ts";
import { colorsOf, type PixelColors, pixelColors } from "./pixel_colors.ts";
import { pictureGrid, projectPicture } from "./project_picture.ts";

/** First logits of a picture. */
export interface Initialization {
  /**
   * Shape [H, W, K]. Mean 0 and the same norm at each pixel, except where a picture is kept bit for
   * bit: there a pixel's own logit may be raised.
   */
  readonly logits: Float32Array<ArrayBuffer>;
  /**
   * Palette of the logits: the given one, or one derived from the image. With
   * `generator.transparent` the transparent class is its last color.
   */
  readonly palette: Palette;
}

/** Part of a config that the first logits depend on. */
export interface InitializationConfig extends Pick<RunConfig, "seed"> {
  /** Settings of the picture. */
  readonly generator: GeneratorConfig;
}

/** What the first logits depend on besides image, palette and config. */
export interface InitializationInputs {
  /**
   * With `generator.transparent`, which pixels are opaque: 1, else 0, shape [H, W]. Default: a
   * plain background is cut out.
   */
  readonly mask?: Uint8Array | undefined;
  /** Weight of each pixel where colors are chosen, above 0, shape [H, W]. Default: all are 1. */
  readonly importance?: Float64Array | undefined;
}

/**
 * Computes the first logits of a picture from an image.
 *
 * A picture in the palette's colors, at its own size or enlarged by whole pixels, is kept bit for
 * bit. The method "palette-area" gives the picture of `projectPicture`, likewise. With another
 * method, null meaning "palette-kmeans":
 *
 * 1. With a palette of one hue, the image is mapped to it by lightness.
 * 2. The image is downsampled to one color per pixel of the picture, by the initialization method.
 * 3. The logits of a pixel are the similarities of its color to the palette colors.
 *
 * Source: Binninger & Sorkine-Hornung 2024, https://arxiv.org/abs/2410.06236, and its code.
 *
 * @param image Opaque, of any size; it is scaled to the picture's size, so crop it before.
 * @param palette Palette of the config; some methods derive another one from the image.
 * @throws {RangeError} If "nearest" finds too many colors.
 */
export function initialize(
  image: Image,
  palette: Palette,
  { seed, generator }: InitializationConfig,
  { mask, importance }: InitializationInputs = {},
): Initialization {
  const size = { height: generator.imageH, width: generator.imageW };
  const classes = generator.transparent ? withTransparentClass(palette) : palette;
  const exact = derivedPaletteName({ generator }) === undefined
    ? exactClasses(image, size, classes)
    : undefined;
  const isCut = exact?.classes.includes(palette.size) ?? false;
  const cut = generator.transparent && !isCut ? cutOut(image, size, mask) : undefined;
  if (exact !== undefined) {
    const shown = exact.classes.map((k, i) => cut?.mask[i] === 0 ? palette.size : k);
    const logits = exactLogits({ ...exact, classes: shown }, { seed, generator });
    return { logits, palette: classes };
  }
  const method = generator.initializationMethod ?? "palette-kmeans";
  if (method === "palette-area") {
    const picture = projectPicture(image, { ...pictureGrid(generator, palette), mask });
    const indices = nearestColors(picture, classes, generator.colorDistance);
    const shown = { classes: indices, palette: classes };
    return { logits: exactLogits(shown, { seed, generator }), palette: classes };
  }
  const subject = cut?.subject ?? image;
  const isMapped = generator.gradientMap && isOneHue(palette);
  const source = isMapped ? gradientMap(subject, palette) : subject;
  const pixels = pixelColors(source, palette, {
    ...generator,
    initializationMethod: method,
    seed,
    importance,
  });
  const shown = generator.transparent ? addTransparency(pixels, cut?.mask) : pixels;
  const logits = logitsFromColors(shown.colors, shown.palette, { ...generator, seed });
  return { logits, palette: shown.palette };
}

/** Adds the transparent class to the palette, and gives its color to pixels outside of a mask. */
function addTransparency(
  { colors, palette }: PixelColors,
  mask: Uint8Array | undefined,
): PixelColors {
  const key = keyColor(palette).map((value) => value / 255);
  const keyed = colors.slice();
  for (const [i, isOpaque] of mask?.entries() ?? []) if (!isOpaque) keyed.set(key, i * 3);
  return { colors: keyed, palette: withTransparentClass(palette) };
}

/** Added to the orphan margin, above the rounding of float32. */
const MARGIN_EPSILON = 1e-3;

/**
 * Computes logits that show a picture bit for bit. Where needed, the logit of a pixel's color is
 * raised above the others by the orphan margin, because single pixels of pixel art are intended.
 */
function exactLogits(
  exact: PixelClasses,
  config: InitializationConfig,
): Float32Array<ArrayBuffer> {
  const { colors, palette } = colorsOf(exact);
  const logits = logitsFromColors(colors, palette, { ...config.generator, seed: config.seed });
  if (!showsImage(config)) return logits;
  const { orphanMargin } = config.generator;
  const margin = orphanMargin > 0 ? orphanMargin + MARGIN_EPSILON : 0;
  for (const [i, own] of exact.classes.entries()) {
    const row = logits.subarray(i * palette.size, (i + 1) * palette.size);
    const others = row.filter((_, k) => k !== own);
    row[own] = Math.max(row[own]!, others.reduce((a, b) => Math.max(a, b), -Infinity) + margin);
  }
  return logits;
}

/**
 * Returns a config with which {@linkcode initialize} derives no palette from the image, and adds no
 * class to it: the palette of an earlier {@linkcode Initialization} is kept.
 */
export function keepPalette<C extends InitializationConfig>(config: C): C {
  const generator = { ...config.generator, transparent: false };
  if (derivedPaletteName(config) === undefined) return { ...config, generator };
  return { ...config, generator: { ...generator, initializationMethod: "palette" } };
}

/** Returns a config whose method, if it has none, is that of an image which the teacher sampled. */
export function settleForSample<C extends InitializationConfig>(config: C): C {
  if (config.generator.initializationMethod !== null) return config;
  return { ...config, generator: { ...config.generator, initializationMethod: "palette-area" } };
}

/** Tells whether a picture that starts from an image shows it; with some distances it does not. */
export function showsImage({ generator: { initDistance } }: Pick<RunConfig, "generator">): boolean {
  return initDistance !== "zero" && initDistance !== "random";
}

/** Returns the name of the palette that a run derives from the image; undefined if it does not. */
export function derivedPaletteName(
  { generator }: Pick<RunConfig, "generator">,
): string | undefined {
  const { initializationMethod: method, kmeansNbColors } = generator;
  if (method === "kmeans") return `kmeans-${kmeansNbColors}`;
  return method === "nearest" ? method : undefined;
}
