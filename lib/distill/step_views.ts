import type { LatentDecoder } from "../guidance/latent_decoder.ts";
import type { Image } from "../image/image.ts";
import { imageFromPlanes } from "../image/image_planes.ts";
import type { StepParts } from "./distill_step.ts";

/** Tensors of the last step, for display. */
export interface StepViews {
  /** Most likely palette index of each pixel with the noise of the step, shape [H, W]. */
  readonly indices: Uint32Array;
  /** Colors mixed with the noise and temperature of the step: sRGB in [0, 1], shape [H, W, 3]. */
  readonly mixture: Float32Array;
  /** Input of the teacher: the picture, enlarged and augmented. */
  readonly augmented: Image;
  /** Gradient with respect to the latents of `augmented`. */
  readonly gradLatents: { readonly data: Float32Array; readonly shape: readonly number[] };
}

/** Reads the tensors of the last step. */
export async function readStepViews(
  { generator, augmenter, distillation }: StepParts,
): Promise<StepViews> {
  const { gradLatents } = distillation;
  const [forward, planes, data] = await Promise.all([
    generator.lastForward(),
    augmenter.image.read(),
    gradLatents.read(),
  ]);
  return {
    ...forward,
    augmented: imageFromPlanes(planes, augmenter.image.shape),
    gradLatents: { data, shape: gradLatents.shape },
  };
}

/** Decodes gradients at latents into images. The decoder is loaded by the first call. */
export class GradientDecoder {
  readonly #load: () => Promise<LatentDecoder>;
  #decoder: Promise<LatentDecoder> | undefined;

  /** @param load Loads the decoder, which the caller disposes of. */
  constructor(load: () => Promise<LatentDecoder>) {
    this.#load = load;
  }

  /** Decodes the gradient of the last step; see `Run.gradientImage`. */
  async decode({ distillation }: StepParts): Promise<Image> {
    this.#decoder ??= this.#load();
    return await (await this.#decoder).decode(await distillation.gradLatents.read());
  }
}
