import { checkSize } from "../gpu/check_shape.ts";
import { defineKernel } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";
import source from "./adamw.wgsl" with { type: "text" };

/** Adam with decoupled weight decay. */
export const adamw = defineKernel({
  name: "adamw",
  source,
  params: {
    size: "u32",
    step_size: "f32",
    decay: "f32",
    beta1: "f32",
    one_minus_beta1: "f32",
    beta2: "f32",
    one_minus_beta2: "f32",
    root_correction2: "f32",
    epsilon: "f32",
  },
  tensors: ["read", "read_write", "read_write", "read_write"],
});

/** Tensors of {@linkcode encodeAdamw}; all of one size. */
export interface AdamwTensors {
  /** Gradient with respect to the parameters. */
  readonly grad: GpuTensor;
  /** Parameters; changed in place. */
  readonly param: GpuTensor;
  /** Running mean of the gradient, zeros at first; changed in place. */
  readonly moment1: GpuTensor;
  /** Running mean of its square, zeros at first; changed in place. */
  readonly moment2: GpuTensor;
}

/** Options of {@linkcode encodeAdamw}. */
export interface AdamwOptions {
  /** Number of this step, integer from 1. */
  readonly step: number;
  /** Learning rate of this step, 0 or more. */
  readonly learningRate: number;
  /** Decay of the first moment, in [0, 1). */
  readonly beta1: number;
  /** Decay of the second moment, in [0, 1). */
  readonly beta2: number;
  /** Decoupled weight decay, 0 or more. The learning rate multiplies it. */
  readonly weightDecay: number;
  /** Added to the root of the second moment, above 0. */
  readonly epsilon: number;
}

/**
 * Records one step of AdamW.
 *
 * Source: Loshchilov & Hutter 2019, https://arxiv.org/abs/1711.05101, Algorithm 2, in the order of
 * torch.optim.AdamW: first the decay by learningRate · weightDecay, then the step.
 *
 * @throws {RangeError} If a size differs, or the step is no integer from 1.
 */
export function encodeAdamw(
  pass: Pass,
  { grad, param, moment1, moment2 }: AdamwTensors,
  { step, learningRate, beta1, beta2, weightDecay, epsilon }: AdamwOptions,
): void {
  if (!Number.isInteger(step) || step < 1) {
    throw new RangeError(`Cannot encode AdamW: step must be an integer >= 1, got ${step}`);
  }
  for (const tensor of [grad, moment1, moment2]) checkSize(tensor, param.size, "encode AdamW");
  const params = {
    size: param.size,
    step_size: learningRate / (1 - beta1 ** step),
    decay: 1 - learningRate * weightDecay,
    beta1,
    one_minus_beta1: 1 - beta1,
    beta2,
    one_minus_beta2: 1 - beta2,
    root_correction2: Math.sqrt(1 - beta2 ** step),
    epsilon,
  };
  pass.dispatch(adamw, [grad, param, moment1, moment2], params, param.size);
}
