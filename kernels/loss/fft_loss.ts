import type { Gpu } from "../gpu/gpu.ts";
import type { Pass } from "../gpu/pass.ts";
import { GpuTensor } from "../gpu/tensor.ts";
import { encodeDftHeight } from "./dft_height.ts";
import { encodeDftWidth } from "./dft_width.ts";
import { encodeDftWidthInverse } from "./dft_width_inverse.ts";
import { fftWeights } from "./fft_weights.ts";
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

/** Tensors of {@linkcode FftLoss}: twiddle factors, weights, and scratch for spectra. */
interface FftTensors {
  readonly twiddlesX: GpuTensor;
  readonly twiddlesY: GpuTensor;
  readonly weights: GpuTensor;
  readonly rows: GpuTensor;
  readonly spectrum: GpuTensor;
  readonly magnitudes: GpuTensor;
}

/**
 * Mean of |F| over the high frequencies of an image. A small one means a smooth image.
 *
 * The Fourier transform is a matrix product along each axis. So each size is possible, not only
 * powers of two, with the same accuracy. One table of cosines and sines is stored for each axis.
 *
 * Source: Binninger & Sorkine-Hornung 2024, https://arxiv.org/abs/2410.06236, Section 3.3; mask and
 * mean as in SD-piXL's class FFT_Loss.
 */
export class FftLoss implements ImageLoss {
  readonly #height: number;
  readonly #width: number;
  readonly #tensors: FftTensors;
  readonly #owned: DisposableStack;

  private constructor(
    { height, width }: { readonly height: number; readonly width: number },
    tensors: FftTensors,
    owned: DisposableStack,
  ) {
    this.#height = height;
    this.#width = width;
    this.#tensors = tensors;
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
    const from = (data: Float32Array, shape: readonly number[], name: string) =>
      stack.use(GpuTensor.from(gpu, data, shape, `fft ${name}`));
    const tensors: FftTensors = {
      twiddlesX: from(twiddleFactors(width), [width, 2], "twiddles of the width"),
      twiddlesY: from(twiddleFactors(height), [height, 2], "twiddles of the height"),
      weights: from(fftWeights(height, width), [height, frequencies], "weights"),
      rows: zeros([height, frequencies, 3, 2], "rows"),
      spectrum: zeros([height, frequencies, 3, 2], "spectrum"),
      magnitudes: zeros([height, frequencies, 3], "magnitudes"),
    };
    return new FftLoss(size, tensors, stack.move());
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
    const { twiddlesX, twiddlesY, weights, rows, spectrum, magnitudes } = this.#tensors;
    encodeDftWidth(pass, { image, twiddles: twiddlesX, spectrum: rows });
    encodeDftHeight(pass, { rows, twiddles: twiddlesY, spectrum }, { inverse: false });
    const threshold = ROUNDING * this.#height * this.#width;
    encodeWeightedMagnitude(
      pass,
      { spectrum, weights, magnitudes, gradient: rows },
      { threshold },
    );
    encodeReduceSum(pass, { x: magnitudes, total: loss });
    encodeDftHeight(pass, { rows, twiddles: twiddlesY, spectrum }, { inverse: true });
    encodeDftWidthInverse(pass, { spectrum, twiddles: twiddlesX, image: gradImage });
  }

  /** Frees its tensors. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}

/** Returns cos and sin of 2π j/size for each j. */
function twiddleFactors(size: number): Float32Array<ArrayBuffer> {
  const angles = Array.from({ length: size }, (_, j) => 2 * Math.PI * j / size);
  return Float32Array.from(angles.flatMap((angle) => [Math.cos(angle), Math.sin(angle)]));
}
