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
import source from "./loose_parts.wgsl" with { type: "text" };

/** Expected places where opaque pixels hold together badly, and their gradient. */
export const looseParts = defineKernel({
  name: "loose_parts",
  source,
  params: { height: "u32", width: "u32", classes: "u32", scale: "f32" },
  tensors: ["read", "read_write", "read_write"],
});

/**
 * Expected places where opaque pixels hold together badly, divided by the number of pixels: pixels
 * alone, bridges of one pixel, and pixels that touch at a corner only. The last class is the
 * transparent one.
 *
 * Whether a whole picture holds together is not local. A picture without such places may still have
 * loose parts of several pixels.
 */
export class LoosePartsLoss implements ClassLoss {
  readonly #size: ClassLossSize;
  readonly #terms: GpuTensor;

  private constructor(size: ClassLossSize, terms: GpuTensor) {
    this.#size = size;
    this.#terms = terms;
  }

  /** Creates the loss of pictures of one size. */
  static create(gpu: Gpu, size: ClassLossSize): LoosePartsLoss {
    const { height, width } = size;
    return new LoosePartsLoss(size, GpuTensor.zeros(gpu, [height, width], "terms of loose parts"));
  }

  /**
   * Records the loss and its gradient; both are overwritten.
   *
   * @throws {RangeError} If a shape differs.
   */
  encode(pass: Pass, tensors: ClassLossTensors): void {
    checkClassLoss(tensors, this.#size, "encode the loss of loose parts");
    const { height, width, classes } = this.#size;
    const { probs, loss, gradProbs } = tensors;
    const params = { height, width, classes, scale: 1 / (height * width) };
    pass.dispatch(looseParts, [probs, this.#terms, gradProbs], params, height * width);
    encodeReduceSum(pass, { x: this.#terms, total: loss });
  }

  /** Frees its tensor. */
  [Symbol.dispose](): void {
    this.#terms[Symbol.dispose]();
  }
}
