import type { RunConfig } from "../../config/run_config.ts";
import type { Gpu } from "../../kernels/gpu/gpu.ts";
import { chooseByClip } from "../conditioning/choose_by_clip.ts";
import { PixelGenerator } from "../generator/pixel_generator.ts";
import { CALLS_PER_CANDIDATE, chooseByDenoising } from "../guidance/choose_by_denoising.ts";
import { type Sample, sampleImages, type SampleParts } from "../guidance/sample_image.ts";
import type { Image } from "../image/image.ts";
import { readClipConfig } from "../models/clip/clip_config.ts";
import { openClipTokenizer } from "../models/tokenizers/clip_tokenizer.ts";
import type { Palette } from "../palette/palette.ts";
import type { ModelFolder } from "../weights/model_folder.ts";
import type { HubModelOptions } from "../hub/hub_model.ts";
import { defined } from "../text/defined.ts";
import { StateDict } from "../weights/state_dict.ts";
import type { StepParts } from "./distill_step.ts";
import { type EncodedParts, encodePicture } from "./encode_picture.ts";
import { openAuxiliaryModel } from "./find_teacher.ts";
import { initialize, showsImage } from "../initialization/initialize.ts";

/** Images that the teacher drew of the prompt, one of which the run begins with. */
export interface References {
  /** All of them, opaque. */
  readonly images: readonly Image[];
  /** Index of the one that was chosen. */
  readonly chosen: number;
  /** How well each fits the prompt, the greater, the better; undefined if there is only one. */
  readonly scores: readonly number[] | undefined;
}

/** What draws images and judges them; all of it is borrowed. */
export interface DrawParts extends SampleParts, Pick<StepParts, "distillation" | "teacherSize"> {
  /** The palette of the config. */
  readonly palette: Palette;
}

/** Options of {@linkcode drawReferences}. */
export interface DrawOptions {
  /** What the user asked. */
  readonly config: RunConfig;
  /** Where models of the Hub are, and whether they are downloaded. */
  readonly hub: HubModelOptions;
  /** Cancels the drawing. */
  readonly signal?: AbortSignal;
}

/** Returns how often the teacher is asked for the images of a run and the choice among them. */
export function referenceEvaluations({ diffusion }: RunConfig): number {
  const { numReferences, numInferenceSteps, clipId } = diffusion;
  const isJudge = numReferences > 1 && clipId === null;
  return numReferences * (numInferenceSteps + (isJudge ? CALLS_PER_CANDIDATE : 0));
}

/**
 * Lets the teacher draw the images that a config asks for, and chooses one: by the CLIP that the
 * config names, else by the teacher itself.
 *
 * The teacher judges what each image would become, the picture of the palette's colors that the run
 * would begin with: what is clear in the image may be lost in few pixels. Where the picture would not
 * show the image, it judges the image. {@linkcode chooseByDenoising} tells the measure.
 *
 * @throws {ModelFolderError} If the CLIP cannot be read.
 * @throws {ModelConfigError} If it is not supported.
 * @throws {HubError} If it is not on this machine, or cannot be downloaded.
 */
export async function drawReferences(
  gpu: Gpu,
  parts: DrawParts,
  options: DrawOptions,
): Promise<References> {
  const { config, hub, signal } = options;
  const { diffusion, seed } = config;
  const stopping = defined({ signal });
  const clip = diffusion.clipId === null || diffusion.numReferences === 1
    ? undefined
    : await openAuxiliaryModel(diffusion.clipId, hub);
  // What cannot be used is found before images are drawn for minutes.
  if (clip) await checkClip(clip);
  const samples = await sampleImages(gpu, parts, { ...stopping, config: diffusion, seed });
  const images = samples.map(({ image }) => image);
  if (samples.length === 1) return { images, chosen: 0, scores: undefined };
  if (clip) {
    const candidates = { prompt: config.prompt, images };
    const { index, scores } = await chooseByClip(parts.sessions, clip, candidates);
    return { images, chosen: index, scores };
  }
  const candidates = await pictureLatents(gpu, samples, { ...parts, config, ...stopping });
  const choosing = { seed, ...stopping };
  const { index, scores } = await chooseByDenoising(gpu, { parts, candidates }, choosing);
  return { images, chosen: index, scores };
}

/** Returns the latents of what each image would become, or of the image where that does not show it. */
async function pictureLatents(
  gpu: Gpu,
  samples: readonly Sample[],
  { config, palette, signal, ...parts }: Omit<EncodedParts, "gpu" | "generator"> & {
    readonly palette: Palette;
    readonly signal?: AbortSignal;
  },
): Promise<Float32Array[]> {
  if (!showsImage(config)) return samples.map(({ latents }) => latents);
  const size = { height: config.generator.imageH, width: config.generator.imageW };
  const encoded: Float32Array[] = [];
  for (const { image } of samples) {
    signal?.throwIfAborted();
    const { logits, palette: own } = initialize(image, palette, config);
    using generator = new PixelGenerator(gpu, { palette: own, size, logits });
    encoded.push(await encodePicture({ ...parts, gpu, config, generator }));
  }
  return encoded;
}

/** Looks for the parts of a CLIP, which is loaded when the images are drawn. */
async function checkClip(folder: ModelFolder): Promise<void> {
  await readClipConfig(folder);
  await openClipTokenizer(folder, "");
  (await StateDict.open(folder, ""))[Symbol.dispose]();
}
