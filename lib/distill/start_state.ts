import type { RunConfig } from "../../config/run_config.ts";
import type { Gpu } from "../../kernels/gpu/gpu.ts";
import { RANDOM_STREAMS } from "../../kernels/random/streams.ts";
import type { NoiseLogits } from "../generator/pixel_generator.ts";
import type { Image } from "../image/image.ts";
import { derivedPaletteName, initialize } from "../initialization/initialize.ts";
import type { AdamWState } from "../optimizer/adamw.ts";
import type { Palette } from "../palette/palette.ts";
import type { RunCheckpoint } from "../run/checkpoint.ts";
import { editPicture, editsPicture, editTeacherCalls } from "./edit_picture.ts";
import {
  type ReferenceOptions,
  type ReferenceParts,
  type References,
  referenceTeacherCalls,
  sampleReferences,
} from "./sample_references.ts";

/** State of a run before its first step. */
export interface StartState {
  /** Values of shape [H, W, K], or noise. */
  readonly logits: Float32Array | NoiseLogits;
  /** Palette of the logits: the given one, or one derived from the image. */
  readonly palette: Palette;
  /** Input image or chosen sample; undefined if there is none, or a resumed run needs none. */
  readonly image: Image | undefined;
  /** Images that the teacher sampled; undefined if it sampled none. */
  readonly references: References | undefined;
  /** Steps done. */
  readonly step: number;
  /** Teacher calls done. */
  readonly teacherCalls: number;
  /** State of the optimizer of a resumed run; undefined for a new run. */
  readonly optimizer: AdamWState | undefined;
}

/** Inputs of {@linkcode createStartState}, with what samples images. */
export interface StartParts extends ReferenceParts {
  /** The input image, prepared by `prepareStartImage`. */
  readonly image: Image | undefined;
  /** The checkpoint from which the run resumes; undefined for a new run. */
  readonly checkpoint: RunCheckpoint | undefined;
}

/**
 * Tells whether the teacher samples an image for a run: a new run that starts from an image and has
 * none, or a resumed run with a loss that compares with the image.
 */
export function samplesImage(
  { generator, training }: RunConfig,
  { image, checkpoint }: {
    readonly image?: Image | undefined;
    readonly checkpoint?: RunCheckpoint | undefined;
  },
): boolean {
  if (!generator.initializeRenderer || image !== undefined) return false;
  return checkpoint === undefined || training.gradientLossScale > 0;
}

/**
 * Creates the state before the first step: from the checkpoint, the input image, an image that the
 * teacher samples, or noise.
 *
 * @throws {RangeError} If a palette must be derived from an image and there is none.
 */
export async function createStartState(
  gpu: Gpu,
  parts: StartParts,
  options: ReferenceOptions,
): Promise<StartState> {
  const { config } = options;
  const { checkpoint } = parts;
  const references = samplesImage(config, parts)
    ? await sampleReferences(gpu, parts, options)
    : undefined;
  const image = references?.images[references.chosen] ?? parts.image;
  const state = checkpoint
    ? resumedState(checkpoint)
    : { ...await newState(gpu, { ...parts, image }, options), step: 0, optimizer: undefined };
  const sampling = references ? referenceTeacherCalls(config) : 0;
  const editing = checkpoint || !editsPicture(config)
    ? 0
    : editTeacherCalls(parts.schedule, config);
  const teacherCalls = (checkpoint?.teacherCalls ?? 0) + sampling + editing;
  return { ...state, image, references, teacherCalls };
}

/** Returns the logits of a new run: those of its start image, edited by the teacher if asked. */
async function newState(
  gpu: Gpu,
  parts: StartParts,
  options: ReferenceOptions,
): Promise<Pick<StartState, "logits" | "palette">> {
  const { image, palette } = parts;
  const { config } = options;
  if (image === undefined || !editsPicture(config)) return initialLogits(image, palette, config);
  options.onEdit?.();
  return await editPicture(gpu, { ...parts, image }, options);
}

function resumedState(checkpoint: RunCheckpoint) {
  const { logits, palette, step, optimizerStep, moment1, moment2 } = checkpoint;
  return { logits, palette, step, optimizer: { step: optimizerStep, moment1, moment2 } };
}

/** Returns the logits and the palette of a new run. */
function initialLogits(
  image: Image | undefined,
  palette: Palette,
  config: RunConfig,
): Pick<StartState, "logits" | "palette"> {
  const { seed, generator } = config;
  if (generator.initializeRenderer) return initialize(image!, palette, config);
  const draw = { seed, stream: RANDOM_STREAMS.initialization, step: 0 };
  const logits = { std: generator.std, draw };
  if (derivedPaletteName(config) === undefined) return { logits, palette };
  if (image === undefined) {
    throw new RangeError(
      `Cannot derive a palette by "${generator.initializationMethod}": expected an input image, ` +
        `got none; set generator.initialize_renderer to true, so that the teacher samples one`,
    );
  }
  return { logits, palette: initialize(image, palette, config).palette };
}
