import type { Gpu } from "../gpu/gpu.ts";
import { defineKernel } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import { GpuTensor } from "../gpu/tensor.ts";
import source from "./bilateral.wgsl" with { type: "text" };
import { checkImageLoss, type ImageLoss, type ImageLossTensors } from "./image_loss.ts";
import { encodeReduceSum } from "./reduce_sum.ts";

/** Weighted squared differences between neighbors, and their gradient. */
export const bilateral = defineKernel({
  name: "bilateral",
  source,
  params: {
    height: "u32",
    width: "u32",
    distance: "u32",
    sigma_color: "f32",
    sigma_space: "f32",
    scale: "f32",
  },
  tensors: ["read", "read_write", "read_write"],
});

/** Options of {@linkcode BilateralLoss}. */
export interface BilateralOptions {
  /** Rows. */
  readonly height: number;
  /** Columns. */
  readonly width: number;
  /** Standard deviation of the weight in color, above 0. */
  readonly sigmaColor: number;
  /** Standard deviation of the weight in pixels, above 0. */
  readonly sigmaSpace: number;
  /** Maximum offset along an axis in pixels, integer, 1 or more. */
  readonly maxDistance: number;
}

/** Minimum standard deviation. It prevents 0/0; below it no float32 difference in [0, 1] counts. */
const MIN_SIGMA = 1e-6;

/**
 * Mean squared difference between neighbors, weighted by their distance in pixels and in color.
 *
 * Source: Tomasi & Manduchi 1998, https://doi.org/10.1109/ICCV.1998.710815; SD-piXL's function
 * bilateral_edge_preserving_loss.
 */
export class BilateralLoss implements ImageLoss {
  readonly #options: BilateralOptions;
  readonly #terms: GpuTensor;

  private constructor(options: BilateralOptions, terms: GpuTensor) {
    this.#options = options;
    this.#terms = terms;
  }

  /**
   * Creates the loss of images of one size.
   *
   * @throws {RangeError} If `maxDistance` is no integer from 1 to min(height, width) - 1.
   */
  static create(gpu: Gpu, options: BilateralOptions): BilateralLoss {
    const { height, width, maxDistance } = options;
    const max = Math.min(height, width) - 1;
    if (!(Number.isInteger(maxDistance) && maxDistance >= 1 && maxDistance <= max)) {
      throw new RangeError(
        `Cannot create the bilateral loss of ${height} x ${width} pixels: ` +
          `expected a distance from 1 to ${max}, got ${maxDistance}`,
      );
    }
    const terms = GpuTensor.zeros(gpu, [height, width, 3], "bilateral terms");
    return new BilateralLoss(options, terms);
  }

  /**
   * Records the loss and its gradient; both are overwritten.
   *
   * @throws {RangeError} If a shape differs.
   */
  encode(pass: Pass, tensors: ImageLossTensors): void {
    const { height, width, sigmaColor, sigmaSpace, maxDistance: distance } = this.#options;
    checkImageLoss(tensors, this.#options, "encode the bilateral loss");
    const { image, loss, gradImage } = tensors;
    pass.dispatch(bilateral, [image, this.#terms, gradImage], {
      height,
      width,
      distance,
      sigma_color: Math.max(sigmaColor, MIN_SIGMA),
      sigma_space: Math.max(sigmaSpace, MIN_SIGMA),
      // 1 / number of offsets: all except (0, 0) and those with |dx + dy| above the distance.
      scale: 1 / (distance * (3 * distance + 3)),
    }, image.size);
    encodeReduceSum(pass, { x: this.#terms, total: loss });
  }

  /** Frees its tensor. */
  [Symbol.dispose](): void {
    this.#terms[Symbol.dispose]();
  }
}
