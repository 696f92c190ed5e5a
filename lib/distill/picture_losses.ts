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

/** What a loss of the picture is made for. */
interface PictureLossOptions {
  /** Size of the picture. */
  readonly size: ImageSize;
  readonly target: PictureTarget;
  readonly training: TrainingConfig;
}

/** Key of the config with the factor of a loss. */
type FactorKey = {
  [K in keyof TrainingConfig]: K extends `${string}Scale` ? K : never;
}[keyof TrainingConfig];

/** How a loss of the picture is made. */
interface LossEntry {
  /** The loss is made if this key is above 0. */
  readonly factor: FactorKey;
  /** Creates the loss; undefined if the run has nothing to compare with. */
  create(gpu: Gpu, options: PictureLossOptions): ImageLoss | undefined;
}

/** All losses of the picture by their names in reports. A new one is one entry. */
export const PICTURE_LOSSES: Readonly<Record<string, LossEntry>> = {
  fft: { factor: "fftScale", create: (gpu, { size }) => FftLoss.create(gpu, size) },
  tv: {
    factor: "tvScale",
    create: (gpu, { size, training: { tvMode: mode } }) =>
      TotalVariationLoss.create(gpu, { ...size, mode }),
  },
  laplacian: {
    factor: "laplacianScale",
    create: (gpu, { size, training }) => {
      const { laplacianKernel: kernelSize, laplacianSigma: sigma, laplacianMode: mode } = training;
      return LaplacianLoss.create(gpu, { ...size, kernelSize, sigma, mode });
    },
  },
  gradient: {
    factor: "gradientLossScale",
    create: (gpu, { size, target: { image, teacherSize } }) => {
      if (image === undefined) return undefined;
      using seen = uploadImage(gpu, image, teacherSize);
      return GradientLoss.create(gpu, { ...size, target: seen });
    },
  },
  bilateral: {
    factor: "bilateralScale",
    create: (gpu, { size, training }) =>
      BilateralLoss.create(gpu, {
        ...size,
        sigmaColor: training.bilateralSigmaColor,
        sigmaSpace: training.bilateralSigmaSpace,
        maxDistance: training.bilateralMaxDistance,
      }),
  },
};

/** Creates the losses whose factor is above 0; the caller owns them. */
export function createPictureLosses(
  gpu: Gpu,
  { size: { height, width }, target }: Pick<PictureLossOptions, "size" | "target">,
  training: TrainingConfig,
): PictureLoss[] {
  const options = { size: { height, width }, target, training };
  using owned = new DisposableStack();
  const created = Object.entries(PICTURE_LOSSES).flatMap(([name, { factor, create }]) => {
    const scale = training[factor];
    const loss = scale > 0 ? create(gpu, options) : undefined;
    if (loss === undefined) return [];
    return [owned.use(new ScaledLoss(gpu, { name, size: options.size, scale, loss }))];
  });
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
  /** The loss, which the {@linkcode ScaledLoss} owns from now on. */
  readonly loss: ImageLoss;
}

/** A loss with its factor. */
class ScaledLoss implements PictureLoss {
  readonly name: string;
  readonly #scale: number;
  readonly #imageLoss: ImageLoss;
  readonly #loss: GpuTensor;
  readonly #gradImage: GpuTensor;
  readonly #owned: DisposableStack;

  constructor(gpu: Gpu, { name, size, scale, loss }: ScaledLossOptions) {
    using owned = new DisposableStack();
    this.name = name;
    this.#scale = scale;
    this.#imageLoss = owned.use(loss);
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
