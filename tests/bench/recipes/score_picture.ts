import type { Image } from "../../../lib/image/image.ts";
import { orphanPixelShare } from "../../support/orphan_pixel_share.ts";
import type { Palette } from "../../../lib/palette/palette.ts";
import { backgroundColor } from "./backgrounds.ts";
import type { Prompt } from "./prompts.ts";
import { backgroundKept } from "./scores/background_kept.ts";
import { edgesKept } from "./scores/edges_kept.ts";
import { inputDistance } from "./scores/input_distance.ts";
import { type Classification, classificationOf } from "./scores/classification.ts";
import { colorsUsed, packedColors } from "./scores/picture_colors.ts";

/** Chooses a name for a picture. */
export interface NameChooser {
  /** The names, in the order of the logits. */
  readonly names: readonly string[];
  /** Returns a logit for each name, shape [names]. */
  classify(picture: Image): Promise<Float32Array>;
}

/** Scores of a picture. Those that do not apply are omitted. */
export interface Scores extends Partial<Classification> {
  /** Share of inner pixels whose four neighbors all have another color. */
  readonly orphans: number;
  /** Number of different colors. */
  readonly colors: number;
  /** Share of border pixels in the palette color nearest to the requested background. */
  readonly background?: number;
  /** Mean distance to the input image in OKLab. */
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
  /** The judge; undefined to omit its scores. */
  readonly judge: NameChooser | undefined;
}

/** Scores a picture. */
export async function scorePicture(picture: Image, expected: Expectation): Promise<Scores> {
  const { prompt: { name, background }, palette, input, judge } = expected;
  const isJudged = judge !== undefined && name !== undefined && judge.names.includes(name);
  return {
    ...(isJudged ? classificationOf(await judge.classify(picture), judge.names, name) : {}),
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
