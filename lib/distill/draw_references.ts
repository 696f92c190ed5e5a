import type { RunConfig } from "../../config/run_config.ts";
import type { Gpu } from "../../kernels/gpu/gpu.ts";
import { chooseReference } from "../conditioning/choose_reference.ts";
import { chooseByDenoising, EVALUATIONS_OF_CHOICE } from "../guidance/choose_by_denoising.ts";
import { sampleImages, type SampleParts } from "../guidance/sample_image.ts";
import type { Image } from "../image/image.ts";
import { readClipConfig } from "../models/clip_config.ts";
import { openTokenizer } from "../models/clip_tokenizer.ts";
import type { SessionOptions } from "../onnx/session.ts";
import type { ModelFolder } from "../weights/folder.ts";
import type { HubModelOptions } from "../weights/hub_model.ts";
import { StateDict } from "../weights/state_dict.ts";
import { openPart } from "./find_teacher.ts";

/** Images that the teacher drew of the prompt, one of which the run begins with. */
export interface References {
  /** All of them, opaque. */
  readonly images: readonly Image[];
  /** Index of the one that was chosen. */
  readonly chosen: number;
  /** How well each fits the prompt, the greater, the better; undefined if there is only one. */
  readonly scores: readonly number[] | undefined;
}

/** Options of {@linkcode drawReferences}. */
export interface DrawOptions extends SessionOptions {
  /** What the user asked. */
  readonly config: RunConfig;
  /** Where models of the Hub are, and whether they are downloaded. */
  readonly hub: HubModelOptions;
}

/** Returns how often the teacher is asked for the images of a run and the choice among them. */
export function referenceEvaluations({ diffusion }: RunConfig): number {
  const { numReferences, numInferenceSteps, clipId } = diffusion;
  const isJudge = numReferences > 1 && clipId === null;
  return numReferences * (numInferenceSteps + (isJudge ? EVALUATIONS_OF_CHOICE : 0));
}

/**
 * Lets the teacher draw the images that a config asks for, and chooses one: by the CLIP that the
 * config names, else by the teacher itself.
 *
 * @throws {ModelFolderError} If the CLIP cannot be read.
 * @throws {ModelConfigError} If it is not supported.
 * @throws {HubError} If it is not on this machine, or cannot be downloaded.
 */
export async function drawReferences(
  gpu: Gpu,
  parts: SampleParts,
  options: DrawOptions,
): Promise<References> {
  const { config, hub, ...session } = options;
  const { diffusion, seed } = config;
  const clip = diffusion.clipId === null || diffusion.numReferences === 1
    ? undefined
    : await openPart(diffusion.clipId, hub);
  // What cannot be used is found before images are drawn for minutes.
  if (clip) await checkClip(clip);
  const samples = await sampleImages(gpu, parts, { ...session, config: diffusion, seed });
  const images = samples.map(({ image }) => image);
  if (samples.length === 1) return { images, chosen: 0, scores: undefined };
  const candidates = samples.map(({ latents }) => latents);
  const { index, scores } = clip
    ? await chooseReference(gpu, clip, { prompt: config.prompt, images }, session)
    : await chooseByDenoising(gpu, { parts, candidates }, {
      seed,
      ...(session.signal ? { signal: session.signal } : {}),
    });
  return { images, chosen: index, scores };
}

/** Looks for the parts of a CLIP, which is loaded when the images are drawn. */
async function checkClip(folder: ModelFolder): Promise<void> {
  await readClipConfig(folder);
  await openTokenizer(folder, "");
  (await StateDict.open(folder, ""))[Symbol.dispose]();
}
