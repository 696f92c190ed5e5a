import type { RunConfig } from "../../config/run_config.ts";
import type { Gpu } from "../../kernels/gpu/gpu.ts";
import { chooseByClip, type ChosenReference } from "../conditioning/choose_by_clip.ts";
import { PixelGenerator } from "../generator/pixel_generator.ts";
import {
  callsPerCandidate,
  chooseByDenoising,
  type DenoisingScore,
} from "../guidance/choose_by_denoising.ts";
import { type Sample, sampleImages, type SampleParts } from "../guidance/sample_image.ts";
import type { SettledRunConfig } from "../guidance/sampling_settings.ts";
import type { HubModelOptions } from "../hub/hub_model.ts";
import type { Image } from "../image/image.ts";
import { initialize, showsImage } from "../initialization/initialize.ts";
import { readClipConfig } from "../models/clip/clip_config.ts";
import { openClipTokenizer } from "../models/tokenizers/clip_tokenizer.ts";
import { defined } from "../text/defined.ts";
import type { ModelFolder } from "../weights/model_folder.ts";
import { StateDict } from "../weights/state_dict.ts";
import type { StepParts } from "./distill_step.ts";
import { openAuxiliaryModel } from "./find_teacher.ts";
import { type FirstImage, firstInputs, reduceImage } from "./reduce_image.ts";
import { encodePicture } from "./score_picture.ts";

/** Images that the teacher sampled from the prompt; the run starts from one of them. */
export interface References {
  /** All images, opaque. */
  readonly images: readonly Image[];
  /** Index of the chosen image. */
  readonly chosen: number;
  /** Score of each image, higher is better; undefined if there is only one. */
  readonly scores: readonly number[] | undefined;
}

/** Parts that sample images and choose one; borrowed. */
export interface ReferenceParts
  extends
    SampleParts,
    Pick<StepParts, "distillation" | "teacherSize">,
    Omit<FirstImage, "image" | "config"> {}

/** Options of {@linkcode sampleReferences}. */
export interface ReferenceOptions {
  /** Config of the run. */
  readonly config: SettledRunConfig;
  /** Where models of the Hub are, and whether they are downloaded. */
  readonly hub: HubModelOptions;
  /** Cancels the sampling. */
  readonly signal?: AbortSignal;
  /** Called after each teacher call with the calls done, of `referenceTeacherCalls`. */
  readonly onCall?: (call: number, calls: number) => void;
}

/** Returns the number of teacher calls that sample the images of a run and choose one. */
export function referenceTeacherCalls({ diffusion }: Pick<SettledRunConfig, "diffusion">): number {
  const { numReferences, numInferenceSteps, clipId } = diffusion;
  const isRanked = numReferences > 1 && clipId === null;
  const calls = isRanked ? callsPerCandidate(choiceScore(diffusion)) : 0;
  return numReferences * (numInferenceSteps + calls);
}

/**
 * Lets the teacher sample the images of a config, and chooses one: by CLIP if the config names one,
 * else by the teacher's denoising errors.
 *
 * @throws {ModelFolderError} If the CLIP cannot be read.
 * @throws {ModelConfigError} If it is not supported.
 * @throws {HubError} If it is not on this machine, or cannot be downloaded.
 */
export async function sampleReferences(
  gpu: Gpu,
  parts: ReferenceParts,
  { config, hub, signal, onCall }: ReferenceOptions,
): Promise<References> {
  const { diffusion, prompt, seed } = config;
  const clip = diffusion.clipId === null || diffusion.numReferences === 1
    ? undefined
    : await openAuxiliaryModel(diffusion.clipId, hub);
  // An unusable CLIP is found before minutes of sampling.
  if (clip) await checkClip(clip);
  const canceling = defined({ signal });
  const calls = referenceTeacherCalls(config);
  const samples = await sampleImages(gpu, parts, {
    ...canceling,
    onStep: (step) => onCall?.(step, calls),
    config: diffusion,
    seed,
    rules: config.constraint,
  });
  const images = samples.map(({ image }) => image);
  if (samples.length === 1) return { images, chosen: 0, scores: undefined };
  const { index, scores } = clip
    ? await chooseByClip(parts.sessions, clip, { prompt, images })
    : await chooseByPicture(gpu, samples, {
      ...parts,
      ...canceling,
      config,
      onCall: (call) => onCall?.(samples.length * diffusion.numInferenceSteps + call, calls),
    });
  return { images, chosen: index, scores };
}

/** Returns how samples are scored. */
function choiceScore(
  { choice: kind, choiceTimes: times, choiceNoises: noises }: RunConfig["diffusion"],
): DenoisingScore {
  return { kind, times, noises };
}

/** Parts that choose a sample by its picture; borrowed. */
interface ChoosingParts extends ReferenceParts {
  readonly config: RunConfig;
  readonly signal?: AbortSignal;
  readonly onCall: (call: number) => void;
}

/**
 * Chooses the sample whose first picture has the best score, as an inventory and the rules make
 * it: details of an image can be lost in a few pixels and colors. If the picture does not show the
 * image, the image itself is scored.
 */
async function chooseByPicture(
  gpu: Gpu,
  samples: readonly Sample[],
  parts: ChoosingParts,
): Promise<ChosenReference> {
  const { config, signal, onCall } = parts;
  const candidates = showsImage(config)
    ? await encodePictures(gpu, samples, parts)
    : samples.map(({ latents }) => latents);
  const score = choiceScore(config.diffusion);
  const options = { seed: config.seed, score, onCall, ...defined({ signal }) };
  return await chooseByDenoising(gpu, { parts, candidates }, options);
}

/** Returns the latents of the first picture of each sample. */
async function encodePictures(
  gpu: Gpu,
  samples: readonly Sample[],
  { signal, ...parts }: ChoosingParts,
): Promise<Float32Array[]> {
  const { imageH: height, imageW: width } = parts.config.generator;
  const size = { height, width };
  const encoded: Float32Array[] = [];
  for (const { image } of samples) {
    signal?.throwIfAborted();
    const first = reduceImage({ ...parts, image });
    const { logits, palette } = initialize(
      first.image,
      first.palette,
      first.config,
      firstInputs(first),
    );
    using generator = new PixelGenerator(gpu, { logits, palette, size });
    encoded.push(await encodePicture({ ...parts, gpu, generator }));
  }
  return encoded;
}

/** Checks that the parts of a CLIP can be read. */
async function checkClip(folder: ModelFolder): Promise<void> {
  await readClipConfig(folder);
  await openClipTokenizer(folder, "");
  (await StateDict.open(folder, ""))[Symbol.dispose]();
}
