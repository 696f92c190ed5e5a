import type { TrainingConfig } from "../../config/run_config.ts";
import { encodeGrayscale } from "../../kernels/augment/grayscale.ts";
import { encodeGrayscaleBackward } from "../../kernels/augment/grayscale_backward.ts";
import { encodeHorizontalFlip } from "../../kernels/augment/horizontal_flip.ts";
import { encodePerspective } from "../../kernels/augment/perspective.ts";
import { encodePerspectiveBackward } from "../../kernels/augment/perspective_backward.ts";
import { perspectiveCoefficients } from "../../kernels/augment/perspective_coefficients.ts";
import { encodeResize } from "../../kernels/augment/resize.ts";
import { encodeResizeBackward } from "../../kernels/augment/resize_backward.ts";
import type { Gpu } from "../../kernels/gpu/gpu.ts";
import type { Pass } from "../../kernels/gpu/pass.ts";
import { GpuTensor } from "../../kernels/gpu/tensor.ts";
import type { ImageSize } from "../image/image.ts";
import type { Augmentation } from "./draw_augmentation.ts";

/** What {@linkcode Augmenter} is made of. */
export interface AugmenterOptions {
  /** Size of the picture, H x W. */
  readonly imageSize: ImageSize;
  /** Size of the teacher's image, S_H x S_W; of the picture's aspect ratio, or it is stretched. */
  readonly teacherSize: ImageSize;
  /** How the picture is enlarged. */
  readonly resizeMode: TrainingConfig["resizeMode"];
}

/** Records one change of an image [1, 3, S_H, S_W], or its gradient. */
type Change = (pass: Pass, from: GpuTensor, to: GpuTensor) => void;

/** Enlarges the picture to the teacher's size and changes it at random. */
export class Augmenter implements Disposable {
  readonly #options: AugmenterOptions;
  readonly #image: GpuTensor;
  readonly #gradImage: GpuTensor;
  /** The first is used by all, the second by the backward only. */
  readonly #scratch: readonly [GpuTensor, GpuTensor];
  readonly #owned: DisposableStack;
  #last: Augmentation | undefined;

  /** Creates an augmenter, and its scratch on the GPU. */
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
   * Records what the teacher sees.
   *
   * @param image The picture, sRGB in [0, 1], shape [H, W, 3].
   * @returns Shape [1, 3, S_H, S_W]; borrowed, and valid until the next forward.
   */
  forward(pass: Pass, image: GpuTensor, augmentation: Augmentation): GpuTensor {
    const resize: Change = (pass, from, to) =>
      encodeResize(pass, { image: from, out: to }, this.#resizeOptions);
    const changes = [resize, ...changesOf(augmentation)];
    recordChain(pass, changes, { from: image, to: this.#image, scratch: this.#scratch[0] });
    this.#last = augmentation;
    return this.#image;
  }

  /** What the last forward gave, shape [1, 3, S_H, S_W]; borrowed. */
  get image(): GpuTensor {
    return this.#image;
  }

  /**
   * Records the gradient with respect to the picture of the last forward.
   *
   * @param gradOut Gradient with respect to the teacher's image, shape [1, 3, S_H, S_W].
   * @returns Shape [H, W, 3]; borrowed, may be added to, and valid until the next backward.
   * @throws {TypeError} If there was no forward.
   */
  backward(pass: Pass, gradOut: GpuTensor): GpuTensor {
    if (this.#last === undefined) {
      throw new TypeError("Cannot record the backward of the augmentation: there was no forward");
    }
    const [scratch, to] = this.#scratch;
    const changes = gradientsOf(this.#last);
    if (changes.length > 0) recordChain(pass, changes, { from: gradOut, to, scratch });
    const gradResized = changes.length > 0 ? to : gradOut;
    encodeResizeBackward(
      pass,
      { gradOut: gradResized, gradImage: this.#gradImage },
      this.#resizeOptions,
    );
    return this.#gradImage;
  }

  /**
   * Records the same change of a control map.
   *
   * @param controlImage Shape [1, 3, S_H, S_W].
   * @param out Gets the changed map, of the same shape.
   */
  applyToControl(
    pass: Pass,
    controlImage: GpuTensor,
    out: GpuTensor,
    augmentation: Augmentation,
  ): void {
    const changes = changesOf(augmentation);
    if (changes.length === 0) pass.copy(controlImage, out);
    recordChain(pass, changes, { from: controlImage, to: out, scratch: this.#scratch[0] });
  }

  /** Frees all that it owns. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }

  get #resizeOptions() {
    return { mode: this.#options.resizeMode, layout: "hwc" as const };
  }
}

/** The tensors of a chain: `to` and `scratch` are written by turns, `to` last. */
interface Chain {
  readonly from: GpuTensor;
  readonly to: GpuTensor;
  readonly scratch: GpuTensor;
}

function recordChain(
  pass: Pass,
  changes: readonly Change[],
  { from, to, scratch }: Chain,
): void {
  let current = from;
  for (const [i, change] of changes.entries()) {
    const next = (changes.length - i) % 2 === 1 ? to : scratch;
    change(pass, current, next);
    current = next;
  }
}

function changesOf({ grayscale, perspective, hflip }: Augmentation): Change[] {
  const changes: Change[] = [];
  if (grayscale) changes.push((pass, image, out) => encodeGrayscale(pass, { image, out }));
  if (perspective) {
    const coefficients = perspectiveCoefficients(perspective.startpoints, perspective.endpoints);
    changes.push((pass, image, out) => encodePerspective(pass, { image, out }, { coefficients }));
  }
  if (hflip) changes.push((pass, image, out) => encodeHorizontalFlip(pass, { image, out }));
  return changes;
}

/** The gradients of the changes, last first. */
function gradientsOf({ grayscale, perspective, hflip }: Augmentation): Change[] {
  const changes: Change[] = [];
  if (hflip) changes.push((pass, image, out) => encodeHorizontalFlip(pass, { image, out }));
  if (perspective) {
    const coefficients = perspectiveCoefficients(perspective.startpoints, perspective.endpoints);
    changes.push((pass, gradOut, gradImage) =>
      encodePerspectiveBackward(pass, { gradOut, gradImage }, { coefficients })
    );
  }
  if (grayscale) {
    changes.push((pass, gradOut, gradImage) =>
      encodeGrayscaleBackward(pass, { gradOut, gradImage })
    );
  }
  return changes;
}
