import type { TrainingConfig } from "../../config/run_config.ts";
import type { Gpu } from "../../kernels/gpu/gpu.ts";
import type { Pass } from "../../kernels/gpu/pass.ts";
import { GpuTensor } from "../../kernels/gpu/tensor.ts";
import { BilateralLoss } from "../../kernels/loss/bilateral.ts";
import { FftLoss } from "../../kernels/loss/fft_loss.ts";
import { GradientLoss } from "../../kernels/loss/gradient_loss.ts";
import type { ImageLoss } from "../../kernels/loss/image_loss.ts";
import { LaplacianLoss } from "../../kernels/loss/laplacian_loss.ts";
import { TotalVariationLoss } from "../../kernels/loss/total_variation.ts";
import { encodeAddScaled } from "../../kernels/optimizer/add_scaled.ts";
import type { Image, ImageSize } from "../image/image.ts";
import { planesFromImage } from "../image/image_planes.ts";
import { resizeImage } from "../image/resize_image.ts";

/** A loss of the picture, besides the teacher's. */
export interface PictureLoss extends Disposable {
  /** Name in reports, such as "fft". */
  readonly name: string;
  /**
   * Records the loss, and adds its gradient times the factor of the loss.
   *
   * @param tensors `image` and `gradImage`, each of shape [H, W, 3]; `gradImage` accumulates.
   */
  encode(
    pass: Pass,
    tensors: { readonly image: GpuTensor; readonly gradImage: GpuTensor },
  ): void;
  /** Reads the last loss, times its factor. */
  read(): Promise<number>;
}

/** Target of the losses that compare with an image. */
export interface PictureTarget {
  /** Image from which the run starts, opaque. Without one there is no gradient loss. */
  readonly image: Image | undefined;
  /** Size at which edges are compared. */
  readonly teacherSize: ImageSize;
}

/** Creates the losses whose factor is above 0; the caller owns them. */
export function createPictureLosses(
  gpu: Gpu,
  { size, target }: { readonly size: ImageSize; readonly target: PictureTarget },
  training: TrainingConfig,
): PictureLoss[] {
  const { height, width } = size;
  const { image, teacherSize } = target;
  const losses: readonly (readonly [name: string, scale: number, create: () => ImageLoss])[] = [
    ["fft", training.fftScale, () => FftLoss.create(gpu, size)],
    ["tv", training.tvScale, () => {
      return TotalVariationLoss.create(gpu, { height, width, mode: training.tvMode });
    }],
    ["laplacian", training.laplacianScale, () => {
      const { laplacianKernel: kernelSize, laplacianSigma: sigma, laplacianMode: mode } = training;
      return LaplacianLoss.create(gpu, { height, width, kernelSize, sigma, mode });
    }],
    ["gradient", image ? training.gradientLossScale : 0, () => {
      using seen = uploadImage(gpu, image!, teacherSize);
      return GradientLoss.create(gpu, { height, width, target: seen });
    }],
    ["bilateral", training.bilateralScale, () => {
      return BilateralLoss.create(gpu, {
        height,
        width,
        sigmaColor: training.bilateralSigmaColor,
        sigmaSpace: training.bilateralSigmaSpace,
        maxDistance: training.bilateralMaxDistance,
      });
    }],
  ];
  using owned = new DisposableStack();
  const created = losses.filter(([, scale]) => scale > 0).map(([name, scale, create]) =>
    owned.use(new ScaledLoss(gpu, { name, size, scale, create }))
  );
  // All are created: the caller owns them.
  owned.move();
  return created;
}

/** Resizes an image, shape [1, 3, S_H, S_W]. */
function uploadImage(gpu: Gpu, image: Image, size: ImageSize): GpuTensor {
  const planes = planesFromImage(resizeImage(image, size, { fit: "stretch" }));
  return GpuTensor.from(gpu, planes, [1, 3, size.height, size.width], "target of gradient loss");
}

/** Options of {@linkcode ScaledLoss}. */
interface ScaledLossOptions {
  readonly name: string;
  /** Size of the picture. */
  readonly size: ImageSize;
  /** Factor of the loss. */
  readonly scale: number;
  /** Creates the loss, which the {@linkcode ScaledLoss} owns. */
  readonly create: () => ImageLoss;
}

/** A loss with its factor. */
class ScaledLoss implements PictureLoss {
  readonly name: string;
  readonly #scale: number;
  readonly #imageLoss: ImageLoss;
  readonly #loss: GpuTensor;
  readonly #gradImage: GpuTensor;
  readonly #owned: DisposableStack;

  constructor(gpu: Gpu, { name, size, scale, create }: ScaledLossOptions) {
    using owned = new DisposableStack();
    this.name = name;
    this.#scale = scale;
    this.#imageLoss = owned.use(create());
    this.#loss = owned.use(GpuTensor.zeros(gpu, [1], `${name} loss`));
    const shape = [size.height, size.width, 3];
    this.#gradImage = owned.use(GpuTensor.zeros(gpu, shape, `gradient of ${name} loss`));
    this.#owned = owned.move();
  }

  encode(
    pass: Pass,
    { image, gradImage }: { readonly image: GpuTensor; readonly gradImage: GpuTensor },
  ): void {
    this.#imageLoss.encode(pass, { image, loss: this.#loss, gradImage: this.#gradImage });
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
