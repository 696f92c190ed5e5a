import type { TrainingConfig } from "../../config/run_config.ts";
import type { Gpu } from "../../kernels/gpu/gpu.ts";
import type { Pass } from "../../kernels/gpu/pass.ts";
import { GpuTensor } from "../../kernels/gpu/tensor.ts";
import { FftLoss } from "../../kernels/loss/fft_loss.ts";
import { encodeAddScaled } from "../../kernels/optimizer/add_scaled.ts";
import type { ImageSize } from "../image/image.ts";

/** A loss of the picture itself, besides the teacher's. */
export interface PictureLoss extends Disposable {
  /** Name in reports, such as "fft". */
  readonly name: string;
  /**
   * Records the loss, and adds its gradient times the loss's factor.
   *
   * @param tensors `image` and `gradImage`, each of shape [H, W, 3]; `gradImage` is added to.
   */
  encode(
    pass: Pass,
    tensors: { readonly image: GpuTensor; readonly gradImage: GpuTensor },
  ): void;
  /** Reads the last loss, times its factor. */
  read(): Promise<number>;
}

/** Creates the losses whose factor is above 0; the caller owns them. */
export function createPictureLosses(
  gpu: Gpu,
  size: ImageSize,
  { fftScale }: Pick<TrainingConfig, "fftScale">,
): PictureLoss[] {
  return fftScale > 0 ? [new ScaledFftLoss(gpu, size, fftScale)] : [];
}

/** The FFT loss with its factor. */
class ScaledFftLoss implements PictureLoss {
  readonly name = "fft";
  readonly #scale: number;
  readonly #fft: FftLoss;
  readonly #loss: GpuTensor;
  readonly #gradImage: GpuTensor;
  readonly #owned: DisposableStack;

  constructor(gpu: Gpu, size: ImageSize, scale: number) {
    using owned = new DisposableStack();
    this.#scale = scale;
    this.#fft = owned.use(FftLoss.create(gpu, size));
    this.#loss = owned.use(GpuTensor.zeros(gpu, [1], "fft loss"));
    const shape = [size.height, size.width, 3];
    this.#gradImage = owned.use(GpuTensor.zeros(gpu, shape, "gradient of fft loss"));
    this.#owned = owned.move();
  }

  encode(
    pass: Pass,
    { image, gradImage }: { readonly image: GpuTensor; readonly gradImage: GpuTensor },
  ): void {
    this.#fft.encode(pass, { image, loss: this.#loss, gradImage: this.#gradImage });
    encodeAddScaled(pass, { x: this.#gradImage, y: gradImage }, { scale: this.#scale });
  }

  async read(): Promise<number> {
    const [loss] = await this.#loss.read();
    return this.#scale * loss!;
  }

  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}
