import type { RunConfig } from "../../config/run_config.ts";
import type { Image } from "../image/image.ts";
import { ditherOf, makeableOf } from "../initialization/config_finish.ts";
import { importanceOf, type RuleImages, rulesOf } from "../initialization/config_rules.ts";
import {
  derivedPaletteName,
  type InitializationInputs,
  initialize,
  showsImage,
} from "../initialization/initialize.ts";
import { pictureGrid, projectPicture } from "../initialization/project_picture.ts";
import type { Palette } from "../palette/palette.ts";
import { withoutTransparentClass } from "../palette/transparent_class.ts";
import { defined } from "../text/defined.ts";

/** What the first picture of a run shows, and what it obeys. */
export interface FirstImage {
  /** The input image, prepared by `prepareStartImage`, or a sample. */
  readonly image: Image;
  /** Images that the rules of the config refer to. */
  readonly ruleImages: RuleImages;
  /** Which pixels of the picture the input image shows, shape [H, W]; undefined: all of them. */
  readonly mask: Uint8Array | undefined;
  /** Palette of the config. */
  readonly palette: Palette;
  /** Count of each color that the picture may have; undefined: no limit. */
  readonly inventory: readonly number[] | undefined;
  /** Config of the run. */
  readonly config: RunConfig;
}

/**
 * Reduces the image to the picture that an inventory or dithering makes of it, or a sample to the
 * nearest picture that obeys rules and is easy to make. Its colors are then taken as they are.
 * Other images stay.
 */
export function reduceImage(inputs: FirstImage): FirstImage {
  const { image, mask, inventory, config, ruleImages: { mask: _, ...others } } = inputs;
  const { generator } = config;
  const dither = ditherOf(config);
  const isShown = generator.initializeRenderer && showsImage(config);
  if (!isShown) return inputs;
  const isDerived = derivedPaletteName(config) !== undefined;
  const palette = isDerived && dither ? derivePalette(image, inputs) : inputs.palette;
  const isSample = generator.initializationMethod === "palette-area";
  const rules = isDerived && !dither ? undefined : rulesOf(config, { palette, ...others });
  const obeys = isSample && rules !== undefined;
  // An input image is taken as it is.
  const makeable = isSample ? makeableOf(config) : undefined;
  const isChanged = inventory !== undefined || dither !== undefined || makeable !== undefined;
  if (!isChanged && !obeys) return inputs;
  const grid = { ...pictureGrid(generator, palette, inventory), mask };
  const picture = projectPicture(image, { ...grid, ...defined({ rules, dither, makeable }) });
  const taken = { ...generator, initializationMethod: "palette" } as const;
  return { ...inputs, image: picture, palette, config: { ...config, generator: taken } };
}

/** Returns the palette that a config derives from an image, without the transparent class. */
function derivePalette(image: Image, inputs: FirstImage): Palette {
  const { palette } = initialize(image, inputs.palette, inputs.config, firstInputs(inputs));
  return inputs.config.generator.transparent ? withoutTransparentClass(palette) : palette;
}

/** Returns what the first logits depend on besides image, palette and config. */
export function firstInputs(
  { mask, config: { generator }, ruleImages: { importance } }: Omit<FirstImage, "image">,
): InitializationInputs {
  const size = { height: generator.imageH, width: generator.imageW };
  return { mask, importance: importance && importanceOf(importance, size) };
}
