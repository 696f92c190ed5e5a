import type { TrainingConfig } from "../../config/run_config.ts";
import { encodeGrayscale } from "../../kernels/augment/grayscale.ts";
import { encodeGrayscaleBackward } from "../../kernels/augment/grayscale_backward.ts";
import { encodeHorizontalFlip } from "../../kernels/augment/horizontal_flip.ts";
import { encodePerspective } from "../../kernels/augment/perspective.ts";
import { encodePerspectiveBackward } from "../../kernels/augment/perspective_backward.ts";
import { perspectiveCoefficients } from "../../kernels/augment/perspective_coefficients.ts";
import { encodeResize } from "../../kernels/augment/resize.ts";
import { encodeResizeBackward } from "../../kernels/augment/resize_backward.ts";
import { encodeRoll } from "../../kernels/augment/roll.ts";
import type { Gpu } from "../../kernels/gpu/gpu.ts";
import type { Pass } from "../../kernels/gpu/pass.ts";
import { GpuTensor } from "../../kernels/gpu/tensor.ts";
import type { ImageSize } from "../image/image.ts";
import type { Augmentation } from "./draw_augmentation.ts";

/** Options of {@linkcode Augmenter}. */
export interface AugmenterOptions {
  /** Size of the picture, H x W. */
  readonly imageSize: ImageSize;
  /** Size of the teacher's image, S_H x S_W; another aspect ratio stretches the picture. */
  readonly teacherSize: ImageSize;
  /** Interpolation that enlarges the picture. */
  readonly resizeMode: TrainingConfig["resizeMode"];
}

/** Records one transform of an image [1, 3, S_H, S_W], or its gradient. */
type Transform = (pass: Pass, from: GpuTensor, to: GpuTensor) => void;

/** Enlarges the picture to the teacher's size and applies random transforms. */
export class Augmenter implements Disposable {
  readonly #options: AugmenterOptions;
  readonly #image: GpuTensor;
  readonly #gradImage: GpuTensor;
  /** All chains use the first; only the backward uses the second. */
  readonly #scratch: readonly [GpuTensor, GpuTensor];
  readonly #owned: DisposableStack;
  #last: Augmentation | undefined;

  /** Creates an augmenter with its tensors on the GPU. */
  constructor(gpu: Gpu, options: AugmenterOptions) {
    using owned = new DisposableStack();
    const { imageSize, teacherSize } = options;
    const own = (label: string) =>
      owned.use(GpuTensor.zeros(gpu, [1, 3, teacherSize.height, teacherSize.width], label));
    this.#options = options;
    this.#image = own("teacher image");
    this.#scratch = [own("augmenter scratch 1"), own("augmenter scratch 2")];
    const shape = [imageSize.height, imageSize.width, 3];
    this.#gradImage = owned.use(GpuTensor.zeros(gpu, shape, "gradient of image"));
    this.#owned = owned.move();
  }

  /**
   * Records the forward pass.
   *
   * @param image The picture, sRGB in [0, 1], shape [H, W, 3].
   * @returns The teacher's image, shape [1, 3, S_H, S_W]; borrowed, valid until the next forward.
   */
  forward(pass: Pass, image: GpuTensor, augmentation: Augmentation): GpuTensor {
    const resize: Transform = (pass, from, to) =>
      encodeResize(pass, { image: from, out: to }, this.#resizeOptions);
    const transforms = [resize, ...transformsOf(augmentation)];
    recordChain(pass, transforms, { from: image, to: this.#image, scratch: this.#scratch[0] });
    this.#last = augmentation;
    return this.#image;
  }

  /** Result of the last forward, shape [1, 3, S_H, S_W]; borrowed. */
  get image(): GpuTensor {
    return this.#image;
  }

  /**
   * Records the backward pass of the last forward.
   *
   * @param gradOut Gradient with respect to the teacher's image, shape [1, 3, S_H, S_W].
   * @returns Gradient with respect to the picture, shape [H, W, 3]; borrowed, valid until the next
   * backward. The caller may add to it.
   * @throws {TypeError} If there was no forward.
   */
  backward(pass: Pass, gradOut: GpuTensor): GpuTensor {
    if (this.#last === undefined) {
      throw new TypeError("Cannot record the backward of the augmentation: there was no forward");
    }
    const [scratch, to] = this.#scratch;
    const transforms = gradientsOf(this.#last);
    if (transforms.length > 0) recordChain(pass, transforms, { from: gradOut, to, scratch });
    const gradResized = transforms.length > 0 ? to : gradOut;
    encodeResizeBackward(
      pass,
      { gradOut: gradResized, gradImage: this.#gradImage },
      this.#resizeOptions,
    );
    return this.#gradImage;
  }

  /**
   * Records the same transforms of a control image.
   *
   * @param controlImage Shape [1, 3, S_H, S_W].
   * @param out The result, of the same shape.
   */
  applyToControl(
    pass: Pass,
    controlImage: GpuTensor,
    out: GpuTensor,
    augmentation: Augmentation,
  ): void {
    const transforms = transformsOf(augmentation);
    if (transforms.length === 0) pass.copy(controlImage, out);
    recordChain(pass, transforms, { from: controlImage, to: out, scratch: this.#scratch[0] });
  }

  /** Frees its tensors. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }

  get #resizeOptions() {
    return { mode: this.#options.resizeMode, layout: "hwc" as const };
  }
}

/** The tensors of a chain; `to` and `scratch` are written alternately, `to` last. */
interface Chain {
  readonly from: GpuTensor;
  readonly to: GpuTensor;
  readonly scratch: GpuTensor;
}

function recordChain(
  pass: Pass,
  transforms: readonly Transform[],
  { from, to, scratch }: Chain,
): void {
  let current = from;
  for (const [i, transform] of transforms.entries()) {
    const next = (transforms.length - i) % 2 === 1 ? to : scratch;
    transform(pass, current, next);
    current = next;
  }
}

function transformsOf({ shift, grayscale, perspective, hflip }: Augmentation): Transform[] {
  const transforms: Transform[] = [];
  if (shift) transforms.push((pass, image, out) => encodeRoll(pass, { image, out }, shift));
  if (grayscale) transforms.push((pass, image, out) => encodeGrayscale(pass, { image, out }));
  if (perspective) {
    const coefficients = perspectiveCoefficients(perspective.startpoints, perspective.endpoints);
    transforms.push((pass, image, out) =>
      encodePerspective(pass, { image, out }, { coefficients })
    );
  }
  if (hflip) transforms.push((pass, image, out) => encodeHorizontalFlip(pass, { image, out }));
  return transforms;
}

/** Returns the gradients of the transforms, last one first. */
function gradientsOf({ shift, grayscale, perspective, hflip }: Augmentation): Transform[] {
  const transforms: Transform[] = [];
  if (hflip) transforms.push((pass, image, out) => encodeHorizontalFlip(pass, { image, out }));
  if (perspective) {
    const coefficients = perspectiveCoefficients(perspective.startpoints, perspective.endpoints);
    transforms.push((pass, gradOut, gradImage) =>
      encodePerspectiveBackward(pass, { gradOut, gradImage }, { coefficients })
    );
  }
  if (grayscale) {
    transforms.push((pass, gradOut, gradImage) =>
      encodeGrayscaleBackward(pass, { gradOut, gradImage })
    );
  }
  if (shift) {
    const opposite = { y: -shift.y, x: -shift.x };
    transforms.push((pass, image, out) => encodeRoll(pass, { image, out }, opposite));
  }
  return transforms;
}
