import type { Gpu } from "../gpu/gpu.ts";
import type { Pass } from "../gpu/pass.ts";
import { GpuTensor } from "../gpu/tensor.ts";
import { fftWeights } from "./fft_weights.ts";
import {
  createHeightTransform,
  createWidthTransform,
  type HeightTransform,
  type WidthTransform,
} from "./fourier_axis.ts";
import { checkImageLoss, type ImageLoss, type ImageLossTensors } from "./image_loss.ts";
import { encodeReduceSum } from "./reduce_sum.ts";
import { encodeWeightedMagnitude } from "./weighted_magnitude.ts";

/** Minimum and maximum of height and width, in pixels. */
const [MIN_SIZE, MAX_SIZE] = [2, 512] as const;

/**
 * Threshold of |F| as a share of H · W, its maximum for an image in [0, 1]. Smaller values are
 * rounding errors. It is above the error of float32 at 512 pixels, and far below the |F| of a
 * difference between palette colors.
 */
const ROUNDING = 1e-6;

/** Parts of {@linkcode FftLoss}: transforms, weights, and scratch for spectra. */
interface FftParts {
  readonly transformX: WidthTransform;
  readonly transformY: HeightTransform;
  readonly weights: GpuTensor;
  readonly rows: GpuTensor;
  readonly spectrum: GpuTensor;
  readonly magnitudes: GpuTensor;
}

/**
 * Mean of |F| over the high frequencies of an image. A small one means a smooth image.
 *
 * The Fourier transform is a matrix product along each short axis, and a fast transform along each
 * long one. So each size is possible, not only powers of two.
 *
 * Source: Binninger & Sorkine-Hornung 2024, https://arxiv.org/abs/2410.06236, Section 3.3; mask and
 * mean as in SD-piXL's class FFT_Loss.
 */
export class FftLoss implements ImageLoss {
  readonly #height: number;
  readonly #width: number;
  readonly #parts: FftParts;
  readonly #owned: DisposableStack;

  private constructor(
    { height, width }: { readonly height: number; readonly width: number },
    parts: FftParts,
    owned: DisposableStack,
  ) {
    this.#height = height;
    this.#width = width;
    this.#parts = parts;
    this.#owned = owned;
  }

  /**
   * Creates the loss of images of one size.
   *
   * @param size Height and width in pixels, each an integer from 2 to 512.
   * @throws {RangeError} If one is out of range.
   */
  static create(
    gpu: Gpu,
    size: { readonly height: number; readonly width: number },
  ): FftLoss {
    const { height, width } = size;
    for (const size of [height, width]) {
      if (Number.isInteger(size) && size >= MIN_SIZE && size <= MAX_SIZE) continue;
      throw new RangeError(
        `Cannot create the FFT loss: expected height and width from ${MIN_SIZE} to ${MAX_SIZE}, ` +
          `got ${height} x ${width}`,
      );
    }
    using stack = new DisposableStack();
    const frequencies = Math.floor(width / 2) + 1;
    const zeros = (shape: readonly number[], name: string) =>
      stack.use(GpuTensor.zeros(gpu, shape, `fft ${name}`));
    const weights = fftWeights(height, width);
    const parts: FftParts = {
      transformX: stack.use(createWidthTransform(gpu, width)),
      transformY: stack.use(createHeightTransform(gpu, height)),
      weights: stack.use(GpuTensor.from(gpu, weights, [height, frequencies], "fft weights")),
      rows: zeros([height, frequencies, 3, 2], "rows"),
      spectrum: zeros([height, frequencies, 3, 2], "spectrum"),
      magnitudes: zeros([height, frequencies, 3], "magnitudes"),
    };
    return new FftLoss(size, parts, stack.move());
  }

  /**
   * Records the loss and its gradient; both are overwritten.
   *
   * @param tensors `image` [H, W, 3]; `loss` [1]; `gradImage` [H, W, 3].
   * @throws {RangeError} If a shape differs.
   */
  encode(
    pass: Pass,
    tensors: ImageLossTensors,
  ): void {
    const size = { height: this.#height, width: this.#width };
    checkImageLoss(tensors, size, "encode the FFT loss");
    const { image, loss, gradImage } = tensors;
    const { transformX, transformY, weights, rows, spectrum, magnitudes } = this.#parts;
    transformX.encode(pass, image, rows);
    transformY.encode(pass, rows, spectrum, { inverse: false });
    const threshold = ROUNDING * this.#height * this.#width;
    encodeWeightedMagnitude(
      pass,
      { spectrum, weights, magnitudes, gradient: rows },
      { threshold },
    );
    encodeReduceSum(pass, { x: magnitudes, total: loss });
    transformY.encode(pass, rows, spectrum, { inverse: true });
    transformX.encodeTranspose(pass, spectrum, gradImage);
  }

  /** Frees its tensors. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}
