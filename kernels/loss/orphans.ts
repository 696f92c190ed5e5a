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
import source from "./orphans.wgsl" with { type: "text" };

/** Expected orphan pixels, and their gradient. */
export const orphans = defineKernel({
  name: "orphans",
  source,
  params: { height: "u32", width: "u32", classes: "u32", counted: "u32", scale: "f32" },
  tensors: ["read", "read_write", "read_write"],
});

/** Options of {@linkcode OrphanLoss}. */
export interface OrphanOptions extends ClassLossSize {
  /** Number of the first classes whose orphans count, at most K; the transparent class does not. */
  readonly counted: number;
}

/** Expected share of orphan pixels: those with the class of none of their four neighbors. */
export class OrphanLoss implements ClassLoss {
  readonly #options: OrphanOptions;
  readonly #terms: GpuTensor;

  private constructor(options: OrphanOptions, terms: GpuTensor) {
    this.#options = options;
    this.#terms = terms;
  }

  /** Creates the loss of pictures of one size. */
  static create(gpu: Gpu, options: OrphanOptions): OrphanLoss {
    const { height, width, classes } = options;
    const terms = GpuTensor.zeros(gpu, [height, width, classes], "orphan terms");
    return new OrphanLoss(options, terms);
  }

  /**
   * Records the loss and its gradient; both are overwritten.
   *
   * @throws {RangeError} If a shape differs.
   */
  encode(pass: Pass, tensors: ClassLossTensors): void {
    checkClassLoss(tensors, this.#options, "encode the orphan loss");
    const { height, width } = this.#options;
    const { probs, loss, gradProbs } = tensors;
    const params = { ...this.#options, scale: 1 / (height * width) };
    pass.dispatch(orphans, [probs, this.#terms, gradProbs], params, probs.size);
    encodeReduceSum(pass, { x: this.#terms, total: loss });
  }

  /** Frees its tensor. */
  [Symbol.dispose](): void {
    this.#terms[Symbol.dispose]();
  }
}
