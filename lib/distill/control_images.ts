import type { ControlnetConfig } from "../../config/run_config.ts";
import type { Gpu } from "../../kernels/gpu/gpu.ts";
import type { Pass } from "../../kernels/gpu/pass.ts";
import { GpuTensor } from "../../kernels/gpu/tensor.ts";
import type { Augmenter } from "../augment/augmenter.ts";
import type { Augmentation } from "../augment/draw_augmentation.ts";
import { makeCannyImage } from "../conditioning/control_image.ts";
import { makeDepthImage } from "../conditioning/depth_image.ts";
import { controlnetKind } from "../hub/model_ids.ts";
import type { ControlImages, ControlnetChoice } from "../guidance/controlnet_residuals.ts";
import type { Image, ImageSize } from "../image/image.ts";
import { imageFromPlanes } from "../image/image_planes.ts";
import type { FloatTensor } from "../onnx/runtime/float_tensor.ts";
import type { SessionLoader } from "../onnx/runtime/session.ts";
import type { ModelFolder } from "../weights/model_folder.ts";

/** Options of {@linkcode AugmentedControlImages}. */
export interface ControlImageOptions {
  /** ControlNets in use; one or more, of the kinds "canny" and "depth". */
  readonly choices: readonly ControlnetChoice[];
  /** Settings of the edge detection. */
  readonly config: ControlnetConfig;
  /** Image whose edges or depth the ControlNets get. */
  readonly image: Image;
  /** Size of the teacher's image. */
  readonly size: ImageSize;
  /** Loads the depth estimator. */
  readonly sessions: SessionLoader;
  /** Opens the depth estimator, if a ControlNet needs it. */
  openDepthModel(): Promise<ModelFolder>;
}

/** Input image of the ControlNets of one kind. */
interface ControlImage {
  readonly image: Image;
  /** The image, shape [1, 3, S_H, S_W]. */
  readonly original: GpuTensor;
  /** The image with the augmentation of a step, same shape. */
  readonly augmented: GpuTensor;
}

/** Input images of the ControlNets of a run, augmented in each step like the picture. */
export class AugmentedControlImages implements Disposable {
  /** Kind of each ControlNet. */
  readonly #kinds: readonly string[];
  readonly #byKind: ReadonlyMap<string, ControlImage>;
  readonly #owned: DisposableStack;

  private constructor(
    kinds: readonly string[],
    byKind: ReadonlyMap<string, ControlImage>,
    owned: DisposableStack,
  ) {
    this.#kinds = kinds;
    this.#byKind = byKind;
    this.#owned = owned;
  }

  /** Computes edges and depth of an image, each if a ControlNet needs it. */
  static async create(gpu: Gpu, options: ControlImageOptions): Promise<AugmentedControlImages> {
    using owned = new DisposableStack();
    const kinds = options.choices.map(({ id }) => controlnetKind(id));
    const byKind = new Map<string, ControlImage>();
    for (const kind of new Set(kinds)) {
      const { data, shape } = await makeControlImage(kind, options);
      byKind.set(kind, {
        image: imageFromPlanes(data, shape),
        original: owned.use(GpuTensor.from(gpu, data, shape, `${kind} image`)),
        augmented: owned.use(GpuTensor.zeros(gpu, shape, `augmented ${kind} image`)),
      });
    }
    return new AugmentedControlImages(kinds, byKind, owned.move());
  }

  /** The images by kind, not augmented; see `Run.controlImages`. */
  get images(): Readonly<Record<string, Image>> {
    return Object.fromEntries([...this.#byKind].map(([kind, { image }]) => [kind, image]));
  }

  /** The images as they are, one for each ControlNet; borrowed. */
  get originals(): ControlImages {
    return { controlImages: this.#kinds.map((kind) => this.#byKind.get(kind)!.original) };
  }

  /** The augmented images, one for each ControlNet; borrowed. */
  get augmented(): ControlImages {
    return { controlImages: this.#kinds.map((kind) => this.#byKind.get(kind)!.augmented) };
  }

  /** Records the augmentation of a step. */
  encode(pass: Pass, augmenter: Augmenter, augmentation: Augmentation): void {
    for (const { original, augmented } of this.#byKind.values()) {
      augmenter.applyToControl(pass, original, augmented, augmentation);
    }
  }

  /** Frees its tensors. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}

async function makeControlImage(
  kind: string,
  { config, image, size, sessions, openDepthModel }: ControlImageOptions,
): Promise<FloatTensor> {
  if (kind === "canny") return makeCannyImage(image, size, config);
  return await makeDepthImage(sessions, await openDepthModel(), image, { size });
}
