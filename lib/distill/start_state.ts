import type { RunConfig } from "../../config/run_config.ts";
import type { Gpu } from "../../kernels/gpu/gpu.ts";
import { RANDOM_STREAMS } from "../../kernels/random/streams.ts";
import type { NoiseLogits } from "../generator/pixel_generator.ts";
import type { Image } from "../image/image.ts";
import type { AdamWState } from "../optimizer/adamw.ts";
import type { Palette } from "../palette/palette.ts";
import type { RunCheckpoint } from "../run/checkpoint.ts";
import {
  type DrawOptions,
  type DrawParts,
  drawReferences,
  referenceEvaluations,
  type References,
} from "./draw_references.ts";
import { initialize } from "../initialization/initialize.ts";

/** What the first step of a run begins with. */
export interface StartState {
  /** Values of shape [H, W, K], or noise. */
  readonly logits: Float32Array | NoiseLogits;
  /** The palette that the logits mean: the one given, or one made of the image. */
  readonly palette: Palette;
  /** The image that the logits show; undefined if there is none, or none any more. */
  readonly image: Image | undefined;
  /** Images that the teacher drew, that one among them; undefined if it drew none. */
  readonly references: References | undefined;
  /** Steps done. */
  readonly step: number;
  /** Images that the teacher judged or drew. */
  readonly evaluations: number;
  /** What the optimizer goes on with; undefined at the beginning. */
  readonly optimizer: AdamWState | undefined;
}

/** What a run begins from; the image is prepared for it. */
export interface StartInputs {
  /** The palette of the config. */
  readonly palette: Palette;
  /** The input image. */
  readonly image: Image | undefined;
}

/** Returns the name of the palette that a run makes of the image; undefined if it takes another. */
export function derivedPaletteName({ generator }: RunConfig): string | undefined {
  const { initializationMethod: method, kmeansNbColors } = generator;
  if (method === "kmeans") return `kmeans-${kmeansNbColors}`;
  return method === "nearest" ? method : undefined;
}

/**
 * Tells whether a run needs an image that the teacher draws: one that begins with it, or one that
 * goes on and has a loss that compares with it.
 */
export function drawsImage(
  { generator, training }: RunConfig,
  { image, checkpoint }: {
    readonly image: Image | undefined;
    readonly checkpoint: RunCheckpoint | undefined;
  },
): boolean {
  if (!generator.initializeRenderer || image !== undefined) return false;
  return checkpoint === undefined || training.gradientLossScale > 0;
}

/**
 * Tells whether the negative prompt of a run is a row of its own.
 *
 * @param draws Whether the teacher draws an image.
 */
export function asksNegativePrompt({ sd, diffusion }: RunConfig, draws: boolean): boolean {
  return sd.guidanceScale !== 0 || (draws && diffusion.guidanceScale !== 1);
}

/**
 * Begins a new run: from the input image, from one that the teacher draws, or from noise.
 *
 * @throws {RangeError} If a palette is to be made and there is no image.
 */
export async function beginAnew(
  gpu: Gpu,
  parts: DrawParts & StartInputs,
  options: DrawOptions,
): Promise<StartState> {
  const { config } = options;
  const { seed, generator } = config;
  const isDrawn = drawsImage(config, { image: parts.image, checkpoint: undefined });
  const references = isDrawn ? await drawReferences(gpu, parts, options) : undefined;
  const image = chosenOf(references) ?? parts.image;
  const evaluations = isDrawn ? referenceEvaluations(config) : 0;
  const rest = { image, references, step: 0, evaluations, optimizer: undefined };
  if (generator.initializeRenderer) {
    return { ...initialize(image!, parts.palette, config), ...rest };
  }
  const makesPalette = derivedPaletteName(config) !== undefined;
  if (makesPalette && image === undefined) {
    throw new RangeError(
      `Cannot make a palette by "${generator.initializationMethod}": expected an input image, ` +
        `or generator.initialize_renderer to be true, so that the teacher draws one`,
    );
  }
  const palette = makesPalette ? initialize(image!, parts.palette, config).palette : parts.palette;
  const draw = { seed, stream: RANDOM_STREAMS.initialization, step: 0 };
  return { logits: { std: generator.std, draw }, palette, ...rest };
}

/** Goes on from a checkpoint; images are drawn again only if a loss compares with it. */
export async function goOn(
  gpu: Gpu,
  parts: DrawParts & StartInputs & { readonly checkpoint: RunCheckpoint },
  options: DrawOptions,
): Promise<StartState> {
  const { logits, palette, step, optimizerStep, moment1, moment2 } = parts.checkpoint;
  const isDrawn = drawsImage(options.config, parts);
  const references = isDrawn ? await drawReferences(gpu, parts, options) : undefined;
  const image = chosenOf(references) ?? parts.image;
  const drawn = isDrawn ? referenceEvaluations(options.config) : 0;
  return {
    ...{ logits, palette, image, references, step },
    evaluations: parts.checkpoint.evaluations + drawn,
    optimizer: { step: optimizerStep, moment1, moment2 },
  };
}

function chosenOf(references: References | undefined): Image | undefined {
  return references?.images[references.chosen];
}
