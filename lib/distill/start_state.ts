import type { RunConfig } from "../../config/run_config.ts";
import type { Gpu } from "../../kernels/gpu/gpu.ts";
import { settleColors } from "../constraint/choose_colors.ts";
import { Image } from "../image/image.ts";
import type { AdamWState } from "../optimizer/adamw.ts";
import { CheckpointError, type RunCheckpoint } from "../run/checkpoint.ts";
import { countEditSteps, type EditPlan, planEdits } from "./edit_plan.ts";
import {
  type FirstPicture,
  firstPicture,
  type FirstPictureInputs,
  firstRules,
  likelyIndices,
} from "./first_picture.ts";
import { type EditProgress, progressOf } from "./picture_edit.ts";
import {
  type ReferenceOptions,
  type ReferenceParts,
  type References,
  referenceTeacherCalls,
  sampleReferences,
} from "./sample_references.ts";

/** State of a run before its first step. */
export interface StartState extends FirstPicture {
  /** Input image or chosen sample; undefined if there is none, or a resumed run needs none. */
  readonly image: Image | undefined;
  /** Images that the teacher sampled; undefined if it sampled none. */
  readonly references: References | undefined;
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

type RunState = Omit<StartState, "image" | "references" | "teacherCalls">;

/** Returns the state of a new run, which begins with its edits. */
function newState(inputs: FirstPictureInputs, plan: EditPlan): RunState {
  const { config } = inputs;
  const first = firstPicture(inputs);
  const editSteps = countEditSteps(plan);
  const start = { ...first, step: 0, editSteps, optimizer: undefined };
  if (editSteps === 0) return { ...start, edit: undefined };
  const picture = pictureOf(first, config.generator);
  return {
    ...start,
    edit: { plan, progress: { step: 0, pictures: [picture], current: undefined } },
  };
}

/** Returns the picture that a run with these first logits shows. */
function pictureOf(
  start: FirstPicture,
  generator: RunConfig["generator"],
): Image {
  const { rules } = start;
  const shown = likelyIndices(start, generator);
  const settled = rules ? settleColors(shown, rules) : shown;
  const size = { height: generator.imageH, width: generator.imageW };
  return Image.fromIndices(size, settled, start.palette.colors);
}

/** Returns the state of a resumed run, and its edits if they are not done. */
function resumedState(
  checkpoint: RunCheckpoint,
  plan: EditPlan,
  inputs: FirstPictureInputs,
): RunState {
  const { name, logits, palette, step, editSteps, optimizerStep, moment1, moment2 } = checkpoint;
  const optimizer = { step: optimizerStep, moment1, moment2 };
  // Kept pixels are those of the first picture, in every later one too.
  const rules = firstRules(logits, palette, inputs);
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
