import { encodeGrayscale } from "../augment/grayscale.ts";
import { encodeGrayscaleBackward } from "../augment/grayscale_backward.ts";
import { imageSize } from "../augment/image_size.ts";
import { encodeResize, type ResizeOptions } from "../augment/resize.ts";
import { encodeResizeBackward } from "../augment/resize_backward.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { Pass } from "../gpu/pass.ts";
import { GpuTensor } from "../gpu/tensor.ts";
import { checkImageLoss, type ImageLoss, type ImageLossTensors } from "./image_loss.ts";
import { encodeSobelDifference } from "./sobel_difference.ts";
import { encodeSobelDifferenceBackward } from "./sobel_difference_backward.ts";
import { encodeReduceSum } from "./reduce_sum.ts";

/** Options of {@linkcode GradientLoss}. */
export interface GradientLossOptions {
  /** Rows of the image. */
  readonly height: number;
  /** Columns of the image. */
  readonly width: number;
  /** Image with the target edges, shape [1, 3, S_H, S_W]. It is borrowed, and read once. */
  readonly target: GpuTensor;
}

/** Tensors of {@linkcode GradientLoss}. `resized` and `gray` are reused for their gradients. */
interface GradientLossTensors {
  readonly target: GpuTensor;
  readonly resized: GpuTensor;
  readonly gray: GpuTensor;
  readonly terms: GpuTensor;
  readonly gradEdges: GpuTensor;
}

/** Resize of the image to the target's size. It is independent of the teacher's. */
const RESIZE: ResizeOptions = { mode: "bilinear", layout: "hwc" };

/**
 * Mean squared difference between the edges of an image, resized, and those of a target.
 *
 * Source: SD-piXL's function gradient_loss.
 */
export class GradientLoss implements ImageLoss {
  readonly #size: { readonly height: number; readonly width: number };
  readonly #tensors: GradientLossTensors;
  readonly #owned: DisposableStack;

  private constructor(
    size: { readonly height: number; readonly width: number },
    tensors: GradientLossTensors,
    owned: DisposableStack,
  ) {
    this.#size = size;
    this.#tensors = tensors;
    this.#owned = owned;
  }

  /**
   * Creates the loss of images of one size, and converts the target to gray.
   *
   * @throws {RangeError} If the target is not of shape [1, 3, S_H, S_W].
   */
  static create(gpu: Gpu, { height, width, target }: GradientLossOptions): GradientLoss {
    const seen = imageSize(target, "chw", "create the gradient loss");
    using stack = new DisposableStack();
    const zeros = (shape: readonly number[], name: string) =>
      stack.use(GpuTensor.zeros(gpu, shape, `gradient loss ${name}`));
    const tensors: GradientLossTensors = {
      target: zeros(target.shape, "target"),
      resized: zeros(target.shape, "resized"),
      gray: zeros(target.shape, "gray"),
      terms: zeros([seen.height, seen.width], "terms"),
      gradEdges: zeros([seen.height, seen.width, 2], "gradient of edges"),
    };
    gpu.submit((pass) => encodeGrayscale(pass, { image: target, out: tensors.target }));
    return new GradientLoss({ height, width }, tensors, stack.move());
  }

  /**
   * Records the loss and its gradient; both are overwritten.
   *
   * @throws {RangeError} If a shape differs.
   */
  encode(pass: Pass, tensors: ImageLossTensors): void {
    checkImageLoss(tensors, this.#size, "encode the gradient loss");
    const { image, loss, gradImage } = tensors;
    const { target, resized, gray, terms, gradEdges } = this.#tensors;
    encodeResize(pass, { image, out: resized }, RESIZE);
    encodeGrayscale(pass, { image: resized, out: gray });
    encodeSobelDifference(pass, { gray, target, terms, gradEdges });
    encodeReduceSum(pass, { x: terms, total: loss });
    encodeSobelDifferenceBackward(pass, { gradEdges, gradGray: gray });
    encodeGrayscaleBackward(pass, { gradOut: gray, gradImage: resized });
    encodeResizeBackward(pass, { gradOut: resized, gradImage }, RESIZE);
  }

  /** Frees its tensors. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}
