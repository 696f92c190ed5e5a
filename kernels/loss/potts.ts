import type { Gpu } from "../gpu/gpu.ts";
import { defineKernel } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import { GpuTensor } from "../gpu/tensor.ts";
import {
  checkClassLoss,
  type ClassLoss,
  type ClassLossSize,
  type ClassLossTensors,
} from "./class_loss.ts";
import { encodeReduceSum } from "./reduce_sum.ts";
import source from "./potts.wgsl" with { type: "text" };

/** Expected differences of neighbors, and their gradient. */
export const potts = defineKernel({
  name: "potts",
  source,
  params: { height: "u32", width: "u32", classes: "u32", across: "f32", down: "f32" },
  tensors: ["read", "read_write", "read_write"],
});

/** Options of {@linkcode PottsLoss}. */
export interface PottsOptions extends ClassLossSize {
  /** Weight of pairs above each other; those side by side have 1. 0 or more. */
  readonly down: number;
}

/**
 * Expected share of neighbors side by side that differ in class, plus `down` times that of
 * neighbors above each other.
 *
 * Source: Potts 1952, https://doi.org/10.1017/S0305004100027419.
 */
export class PottsLoss implements ClassLoss {
  readonly #options: PottsOptions;
  readonly #terms: GpuTensor;

  private constructor(options: PottsOptions, terms: GpuTensor) {
    this.#options = options;
    this.#terms = terms;
  }

  /**
   * Creates the loss of pictures of one size.
   *
   * @throws {RangeError} If height or width is below 2.
   */
  static create(gpu: Gpu, options: PottsOptions): PottsLoss {
    const { height, width } = options;
    if (!(height >= 2 && width >= 2)) {
      throw new RangeError(
        `Cannot create the Potts loss: expected 2 x 2 pixels or more, got ${height} x ${width}`,
      );
    }
    return new PottsLoss(options, GpuTensor.zeros(gpu, [height, width], "Potts terms"));
  }

  /**
   * Records the loss and its gradient; both are overwritten.
   *
   * @throws {RangeError} If a shape differs.
   */
  encode(pass: Pass, tensors: ClassLossTensors): void {
    const { height, width, classes, down } = this.#options;
    checkClassLoss(tensors, this.#options, "encode the Potts loss");
    const { probs, loss, gradProbs } = tensors;
    pass.dispatch(potts, [probs, this.#terms, gradProbs], {
      height,
      width,
      classes,
      across: 1 / (height * (width - 1)),
      down: down / ((height - 1) * width),
    }, height * width);
    encodeReduceSum(pass, { x: this.#terms, total: loss });
  }

  /** Frees its tensor. */
  [Symbol.dispose](): void {
    this.#terms[Symbol.dispose]();
  }
}
