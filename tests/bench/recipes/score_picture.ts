import type { Image } from "../../../lib/image/image.ts";
import { orphanPixelShare } from "../../support/orphan_pixel_share.ts";
import type { Palette } from "../../../lib/palette/palette.ts";
import type { Classifier } from "./classifier.ts";
import { backgroundColor } from "./backgrounds.ts";
import type { Prompt } from "./prompts.ts";
import { backgroundKept } from "./scores/background_kept.ts";
import { edgesKept } from "./scores/edges_kept.ts";
import { inputDistance } from "./scores/input_distance.ts";
import { type Classification, classificationOf } from "./scores/classification.ts";
import { colorsUsed, packedColors } from "./scores/picture_colors.ts";

/** Scores of a picture. Those that do not apply are omitted. */
export interface Scores extends Partial<Classification> {
  /** Share of inner pixels whose four neighbors all have another color. */
  readonly orphans: number;
  /** Number of different colors. */
  readonly colors: number;
  /** Share of border pixels in the palette color nearest to the requested background. */
  readonly background?: number;
  /** Root of the mean squared difference to the input image. */
  readonly distance?: number;
  /** Correlation of gradients with the input image. */
  readonly edges?: number;
}

/** Expectations of a picture. */
export interface Expectation {
  /** Its prompt. */
  readonly prompt: Prompt;
  /** Its palette. */
  readonly palette: Palette;
  /** The input image, if there was one. */
  readonly input: Image | undefined;
  /** The classifier, if it exists. */
  readonly classifier: Classifier | undefined;
}

/** Scores a picture. */
export async function scorePicture(picture: Image, expected: Expectation): Promise<Scores> {
  const { prompt: { name, background }, palette, input, classifier } = expected;
  const isClassified = classifier !== undefined && name !== undefined &&
    classifier.names.includes(name);
  return {
    ...(isClassified
      ? classificationOf(await classifier.classify(picture), classifier.names, name)
      : {}),
    orphans: orphanPixelShare(picture, packedColors(picture)),
    colors: colorsUsed(picture),
    ...(background === undefined
      ? {}
      : { background: backgroundKept(picture, palette, backgroundColor(background)) }),
    ...(input === undefined
      ? {}
      : { distance: inputDistance(picture, input), edges: edgesKept(picture, input) }),
  };
}
