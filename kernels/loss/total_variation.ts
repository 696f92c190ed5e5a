import type { Gpu } from "../gpu/gpu.ts";
import { defineKernel } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import { GpuTensor } from "../gpu/tensor.ts";
import {
  checkImageLoss,
  type ImageLoss,
  type ImageLossTensors,
  type LossMode,
} from "./image_loss.ts";
import { encodeReduceSum } from "./reduce_sum.ts";
import source from "./total_variation.wgsl" with { type: "text" };

/** Total variation, and its gradient. */
export const totalVariation = defineKernel({
  name: "total_variation",
  source,
  params: {
    height: "u32",
    width: "u32",
    squares: "u32",
    across: "f32",
    down: "f32",
  },
  tensors: ["read", "read_write", "read_write"],
});

/** Options of {@linkcode TotalVariationLoss}. */
export interface TotalVariationOptions {
  /** Rows, two or more. */
  readonly height: number;
  /** Columns, two or more. */
  readonly width: number;
  /** Magnitudes of the differences, or their squares. */
  readonly mode: LossMode;
}

/**
 * Mean difference between a pixel and its right neighbor, plus that to its lower neighbor.
 *
 * Source: Rudin, Osher & Fatemi 1992, https://doi.org/10.1016/0167-2789(92)90242-F; means as in
 * SD-piXL's function total_variation_loss.
 */
export class TotalVariationLoss implements ImageLoss {
  readonly #options: TotalVariationOptions;
  readonly #terms: GpuTensor;

  private constructor(options: TotalVariationOptions, terms: GpuTensor) {
    this.#options = options;
    this.#terms = terms;
  }

  /**
   * Creates the loss of images of one size.
   *
   * @throws {RangeError} If height or width is below 2.
   */
  static create(gpu: Gpu, options: TotalVariationOptions): TotalVariationLoss {
    const { height, width } = options;
    if (!(height >= 2 && width >= 2)) {
      throw new RangeError(
        `Cannot create the total variation loss: expected 2 x 2 pixels or more, ` +
          `got ${height} x ${width}`,
      );
    }
    const terms = GpuTensor.zeros(gpu, [height, width, 3], "total variation terms");
    return new TotalVariationLoss(options, terms);
  }

  /**
   * Records the loss and its gradient; both are overwritten.
   *
   * @throws {RangeError} If a shape differs.
   */
  encode(pass: Pass, tensors: ImageLossTensors): void {
    const { height, width, mode } = this.#options;
    checkImageLoss(tensors, this.#options, "encode the total variation loss");
    const { image, loss, gradImage } = tensors;
    pass.dispatch(totalVariation, [image, this.#terms, gradImage], {
      height,
      width,
      squares: mode === "l2" ? 1 : 0,
      across: 1 / (3 * height * (width - 1)),
      down: 1 / (3 * (height - 1) * width),
    }, image.size);
    encodeReduceSum(pass, { x: this.#terms, total: loss });
  }

  /** Frees its tensor. */
  [Symbol.dispose](): void {
    this.#terms[Symbol.dispose]();
  }
}
