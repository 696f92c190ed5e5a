import type { RunConfig } from "../../config/run_config.ts";
import type { Gpu } from "../../kernels/gpu/gpu.ts";
import { readVocabulary } from "../conditioning/vocabulary.ts";
import { readingOf, readPrompts, unknownWordsOf } from "../conditioning/read_prompt.ts";
import { type TeacherFolder, TeacherFolderError } from "../conditioning/teacher_folder.ts";
import { countGuidedSteps, isGuided } from "../guidance/sample_calls.ts";
import {
  describeSampling,
  findSamplingKind,
  type FoundKind,
  type SamplingUse,
  settleConfig,
  type SettledRunConfig,
  usesClip,
} from "../guidance/sampling_settings.ts";
import type { HubModelOptions } from "../hub/hub_model.ts";
import { keepsPixels } from "../initialization/config_rules.ts";
import { settleForSample } from "../initialization/initialize.ts";
import { chooseRuntime } from "../onnx/runtime/choose_runtime.ts";
import { choosePrecision } from "../onnx/runtime/network_precision.ts";
import type { Palette } from "../palette/palette.ts";
import { chooseControlnets } from "./choose_controlnets.ts";
import { editsPicture } from "./edit_plan.ts";
import { findTeacher, nativeSize } from "./find_teacher.ts";
import type { PlannedRun } from "./memory/plan_run.ts";
import type { RunInputs } from "./run_inputs.ts";
import { samplesImage } from "./start_state.ts";
import { chooseTeacherSize, sizeMultiple } from "./teacher_size.ts";

/** What a run consists of, before any weights are loaded. */
export interface RunSetup extends PlannedRun {
  /** Config of the run, completed by the settings of the teacher's kind. */
  readonly config: SettledRunConfig;
  /** The prompt without the background that the teacher gets for a transparent picture. */
  readonly typedPrompt: string;
  /** Which settings follow from the teacher's kind, in a sentence; undefined if none. */
  readonly samplingNote: string | undefined;
  /** Palette of the config. */
  readonly palette: Palette;
  /** Whether there is an input image. */
  readonly hasInputImage: boolean;
  /** Whether the teacher samples an image. */
  readonly samplesImage: boolean;
  /** Whether the teacher edits the picture, unless no strength fits. */
  readonly editsPicture: boolean;
  /** Words of the prompt that are outside of the teacher's vocabulary, if it has one. */
  readonly unknownWords: readonly string[];
}

/** Inputs of {@linkcode setUpRun}. */
export interface SetupInputs extends Pick<RunInputs, "image" | "checkpoint" | "decodesGradient"> {
  /** Palette of the config. */
  readonly palette: Palette;
  /** Where models of the Hub are, and whether they are downloaded. */
  readonly hub: HubModelOptions;
  /** Max number of pictures in a batch. Default: 1. */
  readonly pictures?: number;
  /** Called with what the user should know about ControlNets, a sentence each. */
  readonly onNote?: (message: string) => void;
}

/**
 * Opens the teacher of a config, and chooses what a run with it needs: the sampling settings of the
 * teacher's kind, the teacher's image size, ControlNets, precision, and whether an image is
 * sampled. No weights are loaded.
 *
 * @throws {TeacherFolderError} If the teacher cannot be used.
 * @throws {HubError} If a model of the Hub is not on this machine, or cannot be downloaded.
 */
export async function setUpRun(
  gpu: Gpu,
  asked: RunConfig,
  inputs: SetupInputs,
): Promise<RunSetup> {
  const { image, checkpoint, palette, hub, decodesGradient = false, pictures = 1 } = inputs;
  const { onNote = () => {} } = inputs;
  const runtime = chooseRuntime(gpu, asked.runtime);
  const teacher = await findTeacher(asked.diffusion, { hub });
  const kind = await findSamplingKind(asked.diffusion, teacher);
  const isSampled = samplesImage(asked, { image, checkpoint });
  const settled = settleConfig(isSampled ? settleForSample(asked) : asked, kind);
  if (isSampled) checkChoice(settled, { teacher, kind });
  const config = { ...settled, prompt: await promptOnKey(teacher, settled) };
  const size = { height: config.generator.imageH, width: config.generator.imageW };
  const isEdited = checkpoint
    ? checkpoint.edit !== undefined
    : editsPicture(config, { hasInputImage: image !== undefined });
  const hasNegative = usesNegativePrompt(config, {
    samples: isSampled,
    edits: isEdited,
    // It compares the errors with and without the prompt.
    chooses: isEdited && config.diffusion.strength === null && image !== undefined &&
      !keepsPixels(config),
  });
  return {
    config,
    typedPrompt: settled.prompt,
    samplingNote: describeSampling(asked, kind, { samples: isSampled, edits: isEdited }),
    palette,
    teacher,
    runtime,
    pictures,
    teacherSize: chooseTeacherSize(size, {
      native: nativeSize(teacher, config.sd),
      multiple: sizeMultiple(teacher),
    }),
    controlnets: image && usesControlnets(config)
      ? await chooseControlnets(teacher, config.controlnet, onNote)
      : [],
    precision: choosePrecision(config.diffusion.precision, { runtime, gpu }),
    hasInputImage: image !== undefined,
    samplesImage: isSampled,
    editsPicture: isEdited,
    unknownWords: await unknownWordsOf(teacher, config.prompt, readingOf(config.diffusion)),
    usesNegativePrompt: hasNegative,
    promptChunks: await countChunks(teacher, config, hasNegative),
    decodes: isSampled || isEdited || decodesGradient,
    colors: palette.size + (config.generator.transparent ? 1 : 0),
  };
}

/**
 * Checks that there is a CLIP if one is to choose among samples.
 *
 * @throws {TeacherFolderError} If there is none.
 */
function checkChoice(
  { diffusion: { choice, clipId, numReferences } }: SettledRunConfig,
  { teacher, kind }: { readonly teacher: TeacherFolder; readonly kind: FoundKind },
): void {
  if (!usesClip(choice) || clipId !== null || kind.hasClip || numReferences === 1) return;
  throw new TeacherFolderError(
    teacher.name,
    `it has no CLIP, so "diffusion.choice" cannot be "${choice}"; set it to "evidence", or name a ` +
      'CLIP by "diffusion.clip_id"',
  );
}

/**
 * Tells whether edges and depth of an input image guide: not if the teacher shall paint something
 * else beside kept pixels, or on an image that is rolled.
 */
function usesControlnets(config: RunConfig): boolean {
  return !keepsPixels(config) && config.constraint.tile === "none";
}

/**
 * Returns the prompt with a plain background that can be cut out, for a transparent picture. A
 * background of the user is kept.
 */
async function promptOnKey(
  { folder }: TeacherFolder,
  { prompt, generator }: SettledRunConfig,
): Promise<string> {
  if (!generator.transparent || prompt.trim() === "" || /\bbackground\b/i.test(prompt)) {
    return prompt;
  }
  const vocabulary = await readVocabulary(folder);
  const isTrained = vocabulary?.words.has("transparent") ?? false;
  return `${prompt} on a ${isTrained ? "transparent" : "plain magenta"} background`;
}

/** Tells whether the networks need a batch row for the negative prompt. */
function usesNegativePrompt(
  { sd, diffusion, training }: SettledRunConfig,
  { samples, edits, chooses }: SamplingUse & { readonly chooses: boolean },
): boolean {
  const scores = training.steps > 0 && sd.guidanceScale !== 0;
  return chooses || scores || (samples && countGuidedSteps(diffusion) > 0) ||
    (edits && isGuided(diffusion.guidanceScale));
}

/** Returns the number of chunks of tokens that the longer prompt needs. */
async function countChunks(
  teacher: TeacherFolder,
  { prompt, negativePrompt, diffusion }: SettledRunConfig,
  hasNegative: boolean,
): Promise<number> {
  const reading = readingOf(diffusion);
  const texts = { prompt, negativePrompt: hasNegative ? negativePrompt : undefined };
  const parts = await readPrompts(teacher, texts, reading);
  return await teacher.promptEncoder.countChunks(parts, reading.maxChunks);
}
