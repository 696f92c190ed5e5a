import type { RunConfig } from "../../config/run_config.ts";
import type { Gpu } from "../../kernels/gpu/gpu.ts";
import { chooseReference, type ChosenReference } from "../conditioning/choose_reference.ts";
import { chooseByDenoising, EVALUATIONS_OF_CHOICE } from "../guidance/choose_by_denoising.ts";
import { type Sample, sampleImages, type SampleParts } from "../guidance/sample_image.ts";
import type { Image } from "../image/image.ts";
import type { SessionOptions } from "../onnx/session.ts";
import { openModelFolder } from "../weights/folder.ts";

/** Images that the teacher drew of the prompt, one of which the run begins with. */
export interface References {
  /** All of them, opaque. */
  readonly images: readonly Image[];
  /** Index of the one that was chosen. */
  readonly chosen: number;
  /** How well each fits the prompt, the greater, the better; undefined if there is only one. */
  readonly scores: readonly number[] | undefined;
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
 */
export async function drawReferences(
  gpu: Gpu,
  parts: SampleParts,
  options: SessionOptions & { readonly config: RunConfig },
): Promise<References> {
  const { config, ...session } = options;
  const { diffusion, seed } = config;
  const samples = await sampleImages(gpu, parts, { ...session, config: diffusion, seed });
  const images = samples.map(({ image }) => image);
  if (samples.length === 1) return { images, chosen: 0, scores: undefined };
  const { index, scores } = await choose(gpu, { parts, samples }, options);
  return { images, chosen: index, scores };
}

async function choose(
  gpu: Gpu,
  { parts, samples }: { readonly parts: SampleParts; readonly samples: readonly Sample[] },
  { config, ...session }: SessionOptions & { readonly config: RunConfig },
): Promise<ChosenReference> {
  const { diffusion: { clipId }, prompt, seed } = config;
  if (clipId !== null) {
    const images = samples.map(({ image }) => image);
    return await chooseReference(gpu, openModelFolder(clipId), { prompt, images }, session);
  }
  const candidates = samples.map(({ latents }) => latents);
  const { signal } = session;
  return await chooseByDenoising(
    gpu,
    { parts, candidates },
    { seed, ...(signal ? { signal } : {}) },
  );
}
