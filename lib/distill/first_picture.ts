import type { RunConfig } from "../../config/run_config.ts";
import type { Gpu } from "../../kernels/gpu/gpu.ts";
import { RANDOM_STREAMS } from "../../kernels/random/streams.ts";
import { settleColors } from "../constraint/choose_colors.ts";
import { constrainLogits } from "../constraint/constrain_logits.ts";
import type { PictureRules } from "../constraint/picture_rules.ts";
import { finishPicture } from "../finish/finish_picture.ts";
import { replaceOrphans } from "../finish/orphan_pixels.ts";
import { type NoiseLogits, PixelGenerator } from "../generator/pixel_generator.ts";
import type { Image } from "../image/image.ts";
import { finishOf } from "../initialization/config_finish.ts";
import { rulesOf } from "../initialization/config_rules.ts";
import { imageOf } from "../sprite/formats/png_sprite.ts";
import { derivedPaletteName, initialize } from "../initialization/initialize.ts";
import type { Palette } from "../palette/palette.ts";
import { withoutTransparentClass, withTransparentClass } from "../palette/transparent_class.ts";
import { type FirstImage, firstInputs, reduceImage } from "./reduce_image.ts";

/** What the first picture of a run follows from. */
export interface FirstPictureInputs extends Omit<FirstImage, "image"> {
  /** The input image or a sample; undefined if there is none. */
  readonly image: Image | undefined;
}

/** The first picture of a run. */
export interface FirstPicture {
  /** Values of shape [H, W, K], or noise. */
  readonly logits: Float32Array | NoiseLogits;
  /**
   * Palette of the logits: the given one, or one derived from the image; with
   * `generator.transparent`, with the transparent class.
   */
  readonly palette: Palette;
  /** What the picture obeys besides its grid and its palette; undefined for nothing. */
  readonly rules: PictureRules | undefined;
}

/**
 * Returns the first picture of a run, as an inventory, rules and a craft make it.
 *
 * @throws {RangeError} If a palette must be derived from an image and there is none.
 */
export function firstPicture(inputs: FirstPictureInputs): FirstPicture {
  const { image } = inputs;
  const { logits, palette } = initialLogits(image ? reduceImage({ ...inputs, image }) : inputs);
  const rules = firstRules(logits, palette, inputs);
  // The GPU draws noise, so it is constrained there.
  const isDrawn = !(logits instanceof Float32Array);
  return { logits: rules && !isDrawn ? constrainLogits(logits, rules) : logits, palette, rules };
}

/** Returns the rules of a run whose picture has these logits before its first step. */
export function firstRules(
  logits: FirstPicture["logits"],
  palette: Palette,
  { config, ruleImages: { mask, ...others } }: FirstPictureInputs,
): PictureRules | undefined {
  const colors = config.generator.transparent ? withoutTransparentClass(palette) : palette;
  const rules = rulesOf(config, { palette: colors, ...others });
  if (!mask || !(logits instanceof Float32Array)) return rules;
  // What the mask keeps obeys the other rules.
  const first = rules ? constrainLogits(logits, rules) : logits;
  const indices = likelyIndices({ logits: first, palette }, config.generator);
  const kept = rules ? settleColors(indices, rules) : indices;
  return rulesOf(config, { palette: colors, mask, first: kept, ...others });
}

/**
 * Returns the most likely color of each pixel, orphan pixels removed as `remove_orphans.wgsl` does.
 */
export function likelyIndices(
  { logits, palette }: Pick<FirstPicture, "logits" | "palette">,
  { imageH: height, imageW: width, orphanMargin }: RunConfig["generator"],
): Uint32Array {
  const size = { height, width };
  const values = logits as Float32Array;
  const logitOf = (pixel: number, color: number) => values[pixel * palette.size + color]!;
  const indices = Uint32Array.from({ length: height * width }, (_, i) => {
    const row = values.subarray(i * palette.size, (i + 1) * palette.size);
    return row.indexOf(row.reduce((a, b) => Math.max(a, b)));
  });
  const cleaned = replaceOrphans(indices, size, (pixel, color) => -logitOf(pixel, color));
  return cleaned.map((color, i) => {
    const own = indices[i]!;
    return logitOf(i, color) > Math.fround(logitOf(i, own) - orphanMargin) ? color : own;
  });
}

/** Returns the logits and the palette of a new run. */
function initialLogits(inputs: FirstPictureInputs): Pick<FirstPicture, "logits" | "palette"> {
  const { image, palette, config } = inputs;
  const { seed, generator } = config;
  const { initializeRenderer } = generator;
  if (initializeRenderer) return initialize(image!, palette, config, firstInputs(inputs));
  const draw = { seed, stream: RANDOM_STREAMS.initialization, step: 0 };
  const logits = { std: generator.std, draw };
  const classes = generator.transparent ? withTransparentClass(palette) : palette;
  if (derivedPaletteName(config) === undefined) return { logits, palette: classes };
  if (image === undefined) {
    throw new RangeError(
      `Cannot derive a palette by "${generator.initializationMethod}": expected an input image, ` +
        `got none; set generator.initialize_renderer to true, so that the teacher samples one`,
    );
  }
  return { logits, palette: initialize(image, palette, config, firstInputs(inputs)).palette };
}

/**
 * Reads the finished picture of a generator: its most likely colors with the rules and the finishes
 * of a config.
 *
 * @param palette Palette of the picture, without the transparent class, whose index is K.
 * @returns The palette index of each pixel, shape [H, W].
 */
export async function finishedIndices(
  generator: PixelGenerator,
  { config, palette, rules }: {
    readonly config: RunConfig;
    readonly palette: Palette;
    readonly rules: PictureRules | undefined;
  },
): Promise<Uint32Array> {
  const read = await generator.argmax(config.generator);
  const indices = rules ? settleColors(read, rules) : read;
  const finish = finishOf(config, palette, rules?.excludedColors);
  const finished = finishPicture({ ...generator.size, palette, indices }, finish).indices;
  return rules ? settleColors(finished, rules) : finished;
}

/**
 * Makes the picture that a run without steps delivers: the first picture with all rules and
 * finishes.
 *
 * @returns A picture in the colors of the palette, which may have transparent pixels.
 * @throws {RangeError} If a palette must be derived from an image and there is none.
 */
export async function deliverFirstPicture(gpu: Gpu, inputs: FirstPictureInputs): Promise<Image> {
  const { config } = inputs;
  const { imageH: height, imageW: width, transparent } = config.generator;
  const { logits, palette: classes, rules } = firstPicture(inputs);
  const palette = transparent ? withoutTransparentClass(classes) : classes;
  using generator = new PixelGenerator(gpu, { logits, palette: classes, size: { height, width } });
  const indices = await finishedIndices(generator, { config, palette, rules });
  return imageOf({ height, width, palette, indices });
}
