import type { Gpu } from "../../kernels/gpu/gpu.ts";
import {
  chooseBest,
  chooseSeveral,
  type ChosenReference,
  type OpenClip,
} from "../conditioning/choose_by_clip.ts";
import { joinParts, normalizePrompt } from "../conditioning/normalize_prompt.ts";
import { readingOf } from "../conditioning/read_prompt.ts";
import { readVocabulary } from "../conditioning/vocabulary.ts";
import { PixelGenerator } from "../generator/pixel_generator.ts";
import {
  callsPerCandidate,
  chooseByDenoising,
  type DenoisingScore,
} from "../guidance/choose_by_denoising.ts";
import { countSampleCalls } from "../guidance/sample_calls.ts";
import { type Sample, sampleImages, type SampleParts } from "../guidance/sample_image.ts";
import type { SettledRunConfig } from "../guidance/sampling_settings.ts";
import type { Image } from "../image/image.ts";
import { initialize, showsImage } from "../initialization/initialize.ts";
import { defined } from "../text/defined.ts";
import type { StepParts } from "./distill_step.ts";
import { deliverFirstPicture } from "./first_picture.ts";
import { type FirstImage, firstInputs, reduceImage } from "./reduce_image.ts";
import { encodePicture } from "./score_picture.ts";

/**
 * Weight of the evidence beside CLIP's logits.
 *
 * Between samples of one name, the evidence of `mini` has a deviation of 0.21, and the logits of
 * its CLIP one of 1.84 (cosines of 0.066 at a scale of 27.9): with 9 both count alike. Half and
 * twice this weight were as good. The sum chooses better than either score alone. Source: "How the
 * recipe of samples was chosen" in tests/bench/RESULTS.md.
 */
const EVIDENCE_WEIGHT = 9;

/** Images that the teacher sampled from the prompt; the run starts from one of them. */
export interface References {
  /** All images, opaque. */
  readonly images: readonly Image[];
  /** Index of the chosen image. */
  readonly chosen: number;
  /**
   * Score of each image, higher is better; undefined if there is only one. It is a logit of a CLIP,
   * a score of `scoreByDenoising`, or the logit plus nine times the evidence. With this sum, it is
   * -Infinity for an image outside of the CLIP's shortlist.
   */
  readonly scores: readonly number[] | undefined;
}

/** Parts that sample images and choose one; borrowed. */
export interface ReferenceParts
  extends
    SampleParts,
    Pick<StepParts, "distillation" | "teacherSize">,
    Omit<FirstImage, "image" | "config"> {
  /** The prompt without the background that the teacher gets for a transparent picture. */
  readonly typedPrompt: string;
  /** What ranks the samples, alone or with the evidence; undefined for denoising errors alone. */
  readonly clip: OpenClip | undefined;
}

/** Options of {@linkcode sampleReferences}. */
export interface ReferenceOptions {
  /** Config of the run. */
  readonly config: SettledRunConfig;
  /** Cancels the sampling. */
  readonly signal?: AbortSignal;
  /** Called after each teacher call with the calls done, of `referenceTeacherCalls`. */
  readonly onCall?: (call: number, calls: number) => void;
}

/**
 * Returns the number of teacher calls that sample the images of a run and choose one. A CLIP needs
 * none.
 */
export function referenceTeacherCalls({ diffusion }: Pick<SettledRunConfig, "diffusion">): number {
  const { numReferences, choice } = diffusion;
  const score = numReferences > 1 ? denoisingScore(diffusion) : undefined;
  const scored = choice === "clip-and-evidence" ? shortlistLength(numReferences) : numReferences;
  return countSampleCalls(diffusion) + (score ? scored * callsPerCandidate(score) : 0);
}

/**
 * Returns the number of samples whose evidence is measured after a CLIP has ranked all of them: the
 * better half, at least two. For 320 names, the choice was as good as with the evidence of all.
 */
function shortlistLength(samples: number): number {
  return Math.min(samples, Math.max(2, Math.ceil(samples / 2)));
}

/**
 * Lets the teacher sample the images of a config, and chooses one: by a CLIP, by the teacher's
 * denoising errors, or by both, as `diffusion.choice` of the config says.
 */
export async function sampleReferences(
  gpu: Gpu,
  parts: ReferenceParts,
  { config, signal, onCall }: ReferenceOptions,
): Promise<References> {
  const { diffusion, seed } = config;
  const canceling = defined({ signal });
  const calls = referenceTeacherCalls(config);
  const samples = await sampleImages(gpu, parts, {
    ...canceling,
    onCall: (call) => onCall?.(call, calls),
    config: diffusion,
    seed,
    rules: config.constraint,
  });
  const images = samples.map(({ image }) => image);
  if (samples.length === 1) return { images, chosen: 0, scores: undefined };
  const choosing = {
    ...parts,
    ...canceling,
    config,
    onCall: (call: number) => onCall?.(countSampleCalls(diffusion) + call, calls),
  };
  const { index, scores } = await chooseSample(gpu, samples, choosing);
  return { images, chosen: index, scores };
}

async function chooseSample(
  gpu: Gpu,
  samples: readonly Sample[],
  parts: ChoosingParts,
): Promise<ChosenReference> {
  const { clip } = parts;
  const score = denoisingScore(parts.config.diffusion);
  if (!clip) return await chooseByErrors(gpu, samples, { ...parts, score: score! });
  const byClip = await chooseByClip(gpu, samples, { ...parts, clip });
  if (!score) return byClip;
  const shortlist = chooseSeveral(byClip.scores, shortlistLength(samples.length));
  const listed = shortlist.map((i) => samples[i]!);
  const byTeacher = await chooseByErrors(gpu, listed, { ...parts, score });
  if (byTeacher.scores.every(Number.isNaN)) return byClip;
  const scores = samples.map(() => -Infinity);
  for (const [i, evidence] of byTeacher.scores.entries()) {
    const sample = shortlist[i]!;
    scores[sample] = byClip.scores[sample]! + EVIDENCE_WEIGHT * evidence;
  }
  return chooseBest(scores);
}

/** Chooses the sample whose delivered picture a CLIP finds most like the prompt. */
async function chooseByClip(
  gpu: Gpu,
  samples: readonly Sample[],
  parts: ChoosingParts & { readonly clip: OpenClip },
): Promise<ChosenReference> {
  const { clip, config, sessions } = parts;
  const images = samples.map(({ image }) => image);
  return await clip.choose(sessions, {
    prompt: await promptOfClip(parts, config),
    images: showsImage(config) ? await deliverPictures(gpu, images, parts) : images,
  });
}

/**
 * Returns the prompt for a CLIP: without weights and the background of transparent pictures, which
 * is for the teacher. The teacher's own CLIP has its vocabulary.
 */
async function promptOfClip(
  { teacher, typedPrompt }: ReferenceParts,
  { diffusion }: SettledRunConfig,
): Promise<string> {
  const vocabulary = diffusion.clipId === null ? await readVocabulary(teacher.folder) : undefined;
  return joinParts(normalizePrompt(typedPrompt, vocabulary, readingOf(diffusion)).parts);
}

/** Returns how the denoising errors of samples are scored; undefined if a CLIP alone ranks them. */
function denoisingScore(
  { choice, choiceTimes: times, choiceNoises: noises }: SettledRunConfig["diffusion"],
): DenoisingScore | undefined {
  if (choice === "clip") return undefined;
  return { kind: choice === "clip-and-evidence" ? "evidence" : choice, times, noises };
}

/** Parts that choose a sample by its picture; borrowed. */
interface ChoosingParts extends ReferenceParts {
  readonly config: SettledRunConfig;
  readonly signal?: AbortSignal;
  readonly onCall: (call: number) => void;
}

/**
 * Chooses the sample whose first picture has the best score, as an inventory and the rules make
 * it: details of an image can be lost in a few pixels and colors. If the picture does not show the
 * image, the image itself is scored.
 */
async function chooseByErrors(
  gpu: Gpu,
  samples: readonly Sample[],
  parts: ChoosingParts & { readonly score: DenoisingScore },
): Promise<ChosenReference> {
  const { config, score, signal, onCall } = parts;
  const candidates = showsImage(config)
    ? await encodePictures(gpu, samples, parts)
    : samples.map(({ latents }) => latents);
  const options = { seed: config.seed, onCall, score, ...defined({ signal }) };
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

/** Returns the first picture of each sample as it would be delivered. */
async function deliverPictures(
  gpu: Gpu,
  images: readonly Image[],
  { signal, ...parts }: ChoosingParts,
): Promise<Image[]> {
  const pictures: Image[] = [];
  for (const image of images) {
    signal?.throwIfAborted();
    pictures.push(await deliverFirstPicture(gpu, { ...parts, image }));
  }
  return pictures;
}
