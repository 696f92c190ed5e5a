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

/** Shortest and longest side of a picture, in pixels. */
const SIDES = [2, 512] as const;

/**
 * Part of the greatest |F| that a picture in [0, 1] can have, H · W, below which |F| is rounding.
 * It lies above the error that float32 makes at 512 pixels and far below what a palette can show.
 */
const ROUNDING = 1e-6;

/** What {@linkcode FftLoss} owns: twiddle factors, weights, and spectra on their way. */
interface FftTensors {
  readonly twiddlesX: GpuTensor;
  readonly twiddlesY: GpuTensor;
  readonly weights: GpuTensor;
  readonly rows: GpuTensor;
  readonly spectrum: GpuTensor;
  readonly magnitudes: GpuTensor;
}

/**
 * The mean of |F| over the high frequencies of a picture, which makes it smooth where it is small.
 *
 * The Fourier transform is a matrix product along each side, so every size is possible and as exact
 * as another; only one table of cosines and sines for each side is stored.
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
   * Creates what a size of picture needs.
   *
   * @param size Sides of the picture, in pixels, each from 2 to 512.
   * @throws {RangeError} If a side differs.
   */
  static create(
    gpu: Gpu,
    size: { readonly height: number; readonly width: number },
  ): FftLoss {
    const { height, width } = size;
    for (const side of [height, width]) {
      if (Number.isInteger(side) && side >= SIDES[0] && side <= SIDES[1]) continue;
      throw new RangeError(
        `Cannot create the FFT loss: expected sides from ${SIDES[0]} to ${SIDES[1]} pixels, ` +
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
