import type { Gpu } from "../gpu/gpu.ts";
import type { Pass } from "../gpu/pass.ts";
import { GpuTensor } from "../gpu/tensor.ts";
import {
  checkImageLoss,
  type ImageLoss,
  type ImageLossTensors,
  type LossMode,
} from "./image_loss.ts";
import { encodeLaplacian } from "./laplacian.ts";
import { encodeLaplacianBackward } from "./laplacian_backward.ts";
import { laplacianWeights } from "./laplacian_weights.ts";
import { encodeReduceSum } from "./reduce_sum.ts";

/** Options of {@linkcode LaplacianLoss}. */
export interface LaplacianOptions {
  /** Rows. */
  readonly height: number;
  /** Columns. */
  readonly width: number;
  /** Size of the kernel of weights in pixels, odd, 3 or more. */
  readonly kernelSize: number;
  /** Standard deviation of the Gaussian in pixels, above 0. */
  readonly sigma: number;
  /** Magnitudes of the Laplacian, or its squares. */
  readonly mode: LossMode;
}

/** Tensors of {@linkcode LaplacianLoss}. */
interface LaplacianTensors {
  readonly weights: GpuTensor;
  readonly terms: GpuTensor;
  readonly gradLaplacian: GpuTensor;
}

/**
 * Mean Laplacian of an image: the difference between a pixel and the Gaussian mean around it.
 *
 * Source: SD-piXL's class Laplacian_Loss.
 */
export class LaplacianLoss implements ImageLoss {
  readonly #options: LaplacianOptions;
  readonly #tensors: LaplacianTensors;
  readonly #owned: DisposableStack;

  private constructor(
    options: LaplacianOptions,
    tensors: LaplacianTensors,
    owned: DisposableStack,
  ) {
    this.#options = options;
    this.#tensors = tensors;
    this.#owned = owned;
  }

  /**
   * Creates the loss of images of one size.
   *
   * @throws {RangeError} If `kernelSize` is even, below 3, or above 2 min(height, width) - 1.
   */
  static create(gpu: Gpu, options: LaplacianOptions): LaplacianLoss {
    const { height, width, kernelSize, sigma } = options;
    const max = 2 * Math.min(height, width) - 1;
    if (!(kernelSize % 2 === 1 && kernelSize >= 3 && kernelSize <= max)) {
      throw new RangeError(
        `Cannot create the Laplacian loss of ${height} x ${width} pixels: ` +
          `expected an odd kernel size from 3 to ${max}, got ${kernelSize}`,
      );
    }
    using stack = new DisposableStack();
    const zeros = (name: string) => stack.use(GpuTensor.zeros(gpu, [height, width, 3], name));
    const weights = laplacianWeights(kernelSize, sigma);
    const tensors: LaplacianTensors = {
      weights: stack.use(
        GpuTensor.from(gpu, weights, [kernelSize, kernelSize], "laplacian weights"),
      ),
      terms: zeros("laplacian terms"),
      gradLaplacian: zeros("gradient of laplacian"),
    };
    return new LaplacianLoss(options, tensors, stack.move());
  }

  /**
   * Records the loss and its gradient; both are overwritten.
   *
   * @throws {RangeError} If a shape differs.
   */
  encode(pass: Pass, tensors: ImageLossTensors): void {
    checkImageLoss(tensors, this.#options, "encode the Laplacian loss");
    const { image, loss, gradImage } = tensors;
    const { weights, terms, gradLaplacian } = this.#tensors;
    encodeLaplacian(pass, { image, weights, terms, gradLaplacian }, this.#options);
    encodeReduceSum(pass, { x: terms, total: loss });
    encodeLaplacianBackward(pass, { gradLaplacian, weights, gradImage });
  }

  /** Frees its tensors. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}
