import type { RunConfig } from "../../config/run_config.ts";
import type { Gpu } from "../../kernels/gpu/gpu.ts";
import { constrainLogits } from "../constraint/constrain_logits.ts";
import { settleColors } from "../constraint/choose_colors.ts";
import type { PictureRules } from "../constraint/picture_rules.ts";
import { RANDOM_STREAMS } from "../../kernels/random/streams.ts";
import type { NoiseLogits } from "../generator/pixel_generator.ts";
import { Image } from "../image/image.ts";
import { rulesOf } from "../initialization/config_rules.ts";
import { derivedPaletteName, initialize } from "../initialization/initialize.ts";
import { replaceOrphans } from "../finish/orphan_pixels.ts";
import type { AdamWState } from "../optimizer/adamw.ts";
import type { Palette } from "../palette/palette.ts";
import { withoutTransparentClass, withTransparentClass } from "../palette/transparent_class.ts";
import { CheckpointError, type RunCheckpoint } from "../run/checkpoint.ts";
import { countEditSteps, type EditPlan, planEdits } from "./edit_plan.ts";
import { type EditProgress, progressOf } from "./picture_edit.ts";
import { type FirstImage, firstInputs, reduceImage } from "./reduce_image.ts";
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
  /**
   * Palette of the logits: the given one, or one derived from the image; with
   * `generator.transparent`, with the transparent class.
   */
  readonly palette: Palette;
  /** Input image or chosen sample; undefined if there is none, or a resumed run needs none. */
  readonly image: Image | undefined;
  /** Images that the teacher sampled; undefined if it sampled none. */
  readonly references: References | undefined;
  /** What the picture obeys besides its grid and its palette; undefined for nothing. */
  readonly rules: PictureRules | undefined;
  /** Steps done. */
  readonly step: number;
  /** Steps of the run that edit the picture; they are the first ones. */
  readonly editSteps: number;
  /** The edits that are not done; undefined if there are none. */
  readonly edit: { readonly plan: EditPlan; readonly progress: EditProgress } | undefined;
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
  /** Words of the prompt that are outside of the teacher's vocabulary. */
  readonly unknownWords: readonly string[];
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
 * @throws {CheckpointError} If the run was interrupted in other edits than those of the config.
 */
export async function createStartState(
  gpu: Gpu,
  parts: StartParts,
  options: ReferenceOptions,
): Promise<StartState> {
  const { config } = options;
  const { checkpoint, schedule } = parts;
  const references = samplesImage(config, parts)
    ? await sampleReferences(gpu, parts, options)
    : undefined;
  const image = references?.images[references.chosen] ?? parts.image;
  const { unknownWords } = parts;
  const hasInputImage = parts.image !== undefined;
  const plan = planEdits(schedule, config, { hasInputImage, unknownWords });
  const state = checkpoint
    ? resumedState(checkpoint, plan, { ...parts, config })
    : newState({ ...parts, image, config }, plan);
  const sampling = references ? referenceTeacherCalls(config) : 0;
  const teacherCalls = (checkpoint?.teacherCalls ?? 0) + sampling;
  return { ...state, image, references, teacherCalls };
}

/** What the state of a run follows from. */
interface StateInputs extends Omit<FirstImage, "image"> {
  readonly image: Image | undefined;
}

/** Returns the rules of a run whose picture has these logits before its first step. */
function ruleOf(
  logits: StartState["logits"],
  palette: Palette,
  { config, ruleImages: { mask, ...others } }: StateInputs,
): PictureRules | undefined {
  const colors = config.generator.transparent ? withoutTransparentClass(palette) : palette;
  const rules = rulesOf(config, { palette: colors, ...others });
  if (!mask || !(logits instanceof Float32Array)) return rules;
  // What the mask keeps obeys the other rules.
  const first = rules ? constrainLogits(logits, rules) : logits;
  const indices = indicesOf({ logits: first, palette }, config.generator);
  const kept = rules ? settleColors(indices, rules) : indices;
  return rulesOf(config, { palette: colors, mask, first: kept, ...others });
}

type RunState = Omit<StartState, "image" | "references" | "teacherCalls">;

/** Returns the state of a new run, which begins with its edits. */
function newState(inputs: StateInputs, plan: EditPlan): RunState {
  const { config } = inputs;
  const { image } = inputs;
  const { logits, palette } = initialLogits(image ? reduceImage({ ...inputs, image }) : inputs);
  const rules = ruleOf(logits, palette, inputs);
  // The GPU draws noise, so it is constrained there.
  const isDrawn = !(logits instanceof Float32Array);
  const first = { palette, logits: rules && !isDrawn ? constrainLogits(logits, rules) : logits };
  const editSteps = countEditSteps(plan);
  const start = { ...first, rules, step: 0, editSteps, optimizer: undefined };
  if (editSteps === 0) return { ...start, edit: undefined };
  const picture = pictureOf(first, config.generator, rules);
  return {
    ...start,
    edit: { plan, progress: { step: 0, pictures: [picture], current: undefined } },
  };
}

/** Returns the picture that a run with these first logits shows. */
function pictureOf(
  start: Pick<StartState, "logits" | "palette">,
  generator: RunConfig["generator"],
  rules: PictureRules | undefined,
): Image {
  const shown = indicesOf(start, generator);
  const settled = rules ? settleColors(shown, rules) : shown;
  const size = { height: generator.imageH, width: generator.imageW };
  return Image.fromIndices(size, settled, start.palette.colors);
}

/**
 * Returns the most likely color of each pixel, orphan pixels removed as `remove_orphans.wgsl` does.
 */
function indicesOf(
  { logits, palette }: Pick<StartState, "logits" | "palette">,
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

/** Returns the state of a resumed run, and its edits if they are not done. */
function resumedState(
  checkpoint: RunCheckpoint,
  plan: EditPlan,
  inputs: StateInputs,
): RunState {
  const { name, logits, palette, step, editSteps, optimizerStep, moment1, moment2 } = checkpoint;
  const optimizer = { step: optimizerStep, moment1, moment2 };
  // Kept pixels are those of the first picture, in every later one too.
  const rules = ruleOf(logits, palette, inputs);
  const state = { logits, palette, rules, step, editSteps, optimizer };
  if (checkpoint.edit === undefined) return { ...state, edit: undefined };
  if (countEditSteps(plan) !== editSteps) {
    throw new CheckpointError(
      name,
      `expected edits of ${editSteps} steps, as they began, got ${countEditSteps(plan)}; resume ` +
        `with the same strength`,
    );
  }
  const progress = progressOf(checkpoint.edit, step, { size: checkpoint, palette });
  return { ...state, edit: { plan, progress } };
}

/** Returns the logits and the palette of a new run. */
function initialLogits(inputs: StateInputs): Pick<StartState, "logits" | "palette"> {
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
