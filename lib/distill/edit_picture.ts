import type { RunConfig } from "../../config/run_config.ts";
import type { Gpu } from "../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../kernels/gpu/tensor.ts";
import { drawNormal } from "../../kernels/random/philox.ts";
import { RANDOM_STREAMS } from "../../kernels/random/streams.ts";
import { LatentDecoder } from "../guidance/latent_decoder.ts";
import type { NoiseSchedule } from "../guidance/noise_schedule.ts";
import { editTimesteps, type ImageCodec, sampleProjected } from "../guidance/projected_sampling.ts";
import { guide } from "../guidance/sample_image.ts";
import type { SettledRunConfig } from "../guidance/sampling_settings.ts";
import { Image, type ImageSize } from "../image/image.ts";
import { planesFromImage } from "../image/image_planes.ts";
import { resizeImage } from "../image/resize_image.ts";
import {
  derivedPaletteName,
  type Initialization,
  initialize,
  showsImage,
} from "../initialization/initialize.ts";
import { projectPicture } from "../initialization/project_picture.ts";
import { defined } from "../text/defined.ts";
import type { ReferenceParts } from "./sample_references.ts";

/** Networks, schedule and image of an edit; all borrowed. */
export interface EditParts extends ReferenceParts {
  /** The start image, opaque, of the picture's aspect ratio. */
  readonly image: Image;
}

/** Tells whether a new run edits its first picture. An edit needs a prompt and a start image. */
export function editsPicture(config: RunConfig): boolean {
  const { diffusion, generator, prompt } = config;
  const startsFromImage = generator.initializeRenderer && showsImage(config);
  return diffusion.strength > 0 && startsFromImage && prompt !== "";
}

/** Returns the number of teacher calls of an edit. */
export function editTeacherCalls(
  schedule: NoiseSchedule,
  { diffusion: { strength, editSteps: steps } }: RunConfig,
): number {
  return editTimesteps({ schedule, steps, strength }).length;
}

/**
 * Lets the teacher edit the first picture of a run, under the constraint of its grid and palette.
 *
 * The run's initialization makes a picture of the start image. Enlarged by whole pixels, it is
 * edited by {@linkcode sampleProjected}. The edited image becomes the first picture of the run by
 * the same initialization.
 *
 * @returns The first logits and the palette of the run.
 */
export async function editPicture(
  gpu: Gpu,
  parts: EditParts,
  { config, signal }: { readonly config: SettledRunConfig; readonly signal?: AbortSignal },
): Promise<Initialization> {
  const { teacher, schedule, denoiser, image, teacherSize } = parts;
  const { seed, generator, diffusion } = config;
  const size = { height: generator.imageH, width: generator.imageW };
  const first = initialize(image, parts.palette, config);
  if (editTeacherCalls(schedule, config) === 0) return first;
  const constraint = { size, palette: first.palette, gradientMap: generator.gradientMap };
  const enlarge = (picture: Image) =>
    resizeImage(picture, teacherSize, { fit: "stretch", filter: "nearest" });

  await using decoder = await LatentDecoder.load(parts.sessions, teacher, {
    latentSize: denoiser.latentSize,
  });
  const { height, width } = denoiser.latentSize;
  const shape = [1, teacher.vae.latentChannels, height, width];
  const codec = createCodec(gpu, parts, decoder);
  const start = await codec.encode(enlarge(pictureOf(first, size)));
  const noise = await drawNormal(gpu, shape, { seed, stream: RANDOM_STREAMS.edit, step: 0 });
  const latents = await sampleProjected(start, noise, {
    predict: guide(denoiser, shape, diffusion.guidanceScale),
    codec,
    project: (decoded) => enlarge(projectPicture(decoded, constraint)),
  }, {
    schedule,
    steps: diffusion.editSteps,
    strength: diffusion.strength,
    ...defined({ signal }),
  });
  return initialize(await codec.decode(latents), first.palette, keepPalette(config));
}

/** Makes the teacher's autoencoder a codec of images in host memory. */
function createCodec(
  gpu: Gpu,
  { distillation, teacherSize }: EditParts,
  decoder: LatentDecoder,
): ImageCodec {
  const shape = [1, 3, teacherSize.height, teacherSize.width];
  return {
    decode: (latents) => decoder.decode(latents),
    encode: async (image) => {
      using planes = GpuTensor.from(gpu, planesFromImage(image), shape, "image to encode");
      return await distillation.encode(planes);
    },
  };
}

/** Returns the picture that logits show. */
function pictureOf({ logits, palette }: Initialization, size: ImageSize): Image {
  const indices = Uint32Array.from({ length: size.height * size.width }, (_, i) => {
    const row = logits.subarray(i * palette.size, (i + 1) * palette.size);
    return row.indexOf(Math.max(...row));
  });
  return Image.fromIndices(size, indices, palette.colors);
}

/** A palette that was derived from the start image is not derived again from the edited one. */
function keepPalette(config: RunConfig): RunConfig {
  if (derivedPaletteName(config) === undefined) return config;
  return { ...config, generator: { ...config.generator, initializationMethod: "palette" } };
}
