import type { Image } from "../../../lib/image/image.ts";
import { orphanPixelShare } from "../../support/orphan_pixel_share.ts";
import type { Palette } from "../../../lib/palette/palette.ts";
import type { Judge } from "./judge.ts";
import { backgroundColor, type Prompt } from "./prompts.ts";
import { backgroundKept } from "./scores/background_kept.ts";
import { edgesKept } from "./scores/edges_kept.ts";
import { inputDistance } from "./scores/input_distance.ts";
import { type Judgment, judgmentOf } from "./scores/judgment.ts";
import { colorsUsed, packedColors } from "./scores/picture_colors.ts";

/** How good a picture is; what cannot be measured is left out. */
export interface Scores extends Partial<Judgment> {
  /** Share of inner pixels whose four neighbors all have another color. */
  readonly orphans: number;
  /** Number of different colors. */
  readonly colors: number;
  /** Share of border pixels in the palette color nearest to the background that was asked for. */
  readonly background?: number;
  /** Root of the mean squared difference to the input image. */
  readonly distance?: number;
  /** Correlation of gradients with the input image. */
  readonly edges?: number;
}

/** What a picture is compared with. */
export interface Expectation {
  /** What was asked for. */
  readonly prompt: Prompt;
  /** Its palette. */
  readonly palette: Palette;
  /** The input image, if there was one. */
  readonly input: Image | undefined;
  /** The judge, if it is there. */
  readonly judge: Judge | undefined;
}

/** Scores a picture. */
export async function scorePicture(picture: Image, expected: Expectation): Promise<Scores> {
  const { prompt: { name, background }, palette, input, judge } = expected;
  const isJudged = judge !== undefined && name !== undefined && judge.names.includes(name);
  return {
    ...(isJudged ? judgmentOf(await judge.look(picture), judge.names, name) : {}),
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
