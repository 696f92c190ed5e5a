/**
 * WebGPU kernels and their runner: everything that computes a picture, except the networks.
 *
 * Each `encodeX(pass, tensors, options)` records commands; `gpu.submit` sends them. Tensors are
 * borrowed.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { defineKernel, encodeReduceSum, Gpu, GpuTensor } from "./mod.ts";
 *
 * const square = defineKernel({
 *   name: "square",
 *   source: `
 *     override WORKGROUP_SIZE: u32;
 *     struct Params { size: u32 }
 *     @group(0) @binding(0) var<uniform> params: Params;
 *     @group(0) @binding(1) var<storage, read_write> x: array<f32>;
 *     @compute @workgroup_size(WORKGROUP_SIZE)
 *     fn main(@builtin(global_invocation_id) id: vec3u) {
 *       if (id.x < params.size) { x[id.x] *= x[id.x]; }
 *     }`,
 *   params: { size: "u32" },
 *   tensors: ["read_write"],
 * });
 *
 * using gpu = await Gpu.request();
 * using x = GpuTensor.from(gpu, Float32Array.of(1, 2, 3), [3], "x");
 * using total = GpuTensor.zeros(gpu, [1], "total");
 * await gpu.compile(square);
 * gpu.submit((pass) => {
 *   pass.dispatch(square, [x], { size: 3 }, 3);
 *   encodeReduceSum(pass, { x, total });
 * });
 * assert.deepEqual([...await total.read()], [14]);
 * ```
 *
 * @module
 */
export { DeviceLostError, GpuContext, type GpuResource } from "./gpu/device.ts";
export { Gpu, NoGpuError } from "./gpu/gpu.ts";
export type { Readback } from "./gpu/readback.ts";
export {
  type Access,
  defineKernel,
  type Kernel,
  type ParamType,
  type ParamValues,
  type Prelude,
  WORKGROUP_SIZE,
} from "./gpu/kernel.ts";
export { type Command, type Copy, type Dispatch, Pass } from "./gpu/pass.ts";
export { ShaderError } from "./gpu/shader_error.ts";
export { GpuTensor, type TensorData, type TensorType } from "./gpu/tensor.ts";

export {
  type Distribution,
  drawNormal,
  drawUniform,
  encodeGumbel,
  encodeNormal,
  encodePhilox,
  philox4x32,
  type PhiloxBlock,
  type PhiloxKey,
} from "./random/philox.ts";
export { RANDOM_STREAMS } from "./random/streams.ts";

export { encodeArgmax } from "./generator/argmax.ts";
export { encodeCenterLogits } from "./generator/center_logits.ts";
export {
  encodeGeneratorStatistics,
  type GeneratorStatisticsTensors,
} from "./generator/generator_statistics.ts";
export { encodeGumbelSoftmax, type GumbelSoftmaxTensors } from "./generator/gumbel_softmax.ts";
export { encodeMixPalette, type MixPaletteTensors } from "./generator/mix_palette.ts";
export {
  encodeMixPaletteBackward,
  type MixPaletteBackwardTensors,
} from "./generator/mix_palette_backward.ts";
export { encodeNormalize } from "./generator/normalize.ts";
export { encodeRemoveOrphans } from "./generator/remove_orphans.ts";
export { encodeSoftmax } from "./generator/softmax.ts";
export {
  encodeSoftmaxBackward,
  type SoftmaxBackwardTensors,
} from "./generator/softmax_backward.ts";
export { encodeStraightThrough } from "./generator/straight_through.ts";

export { encodeGrayscale } from "./augment/grayscale.ts";
export { encodeGrayscaleBackward } from "./augment/grayscale_backward.ts";
export { encodeHorizontalFlip } from "./augment/horizontal_flip.ts";
export type { ImageLayout } from "./augment/image_size.ts";
export { encodePerspective, type PerspectiveOptions } from "./augment/perspective.ts";
export { encodePerspectiveBackward } from "./augment/perspective_backward.ts";
export {
  type Corner,
  type PerspectiveCoefficients,
  perspectiveCoefficients,
} from "./augment/perspective_coefficients.ts";
export { encodeResize, type ResizeMode, type ResizeOptions } from "./augment/resize.ts";
export { encodeResizeBackward } from "./augment/resize_backward.ts";
export { encodeRoll, type Shift } from "./augment/roll.ts";

export { type AddNoiseTensors, encodeAddNoise } from "./guidance/add_noise.ts";
export {
  encodeScoreGradient,
  type ScoreGradientOptions,
  type ScoreGradientTensors,
  scoreWeight,
} from "./guidance/score_gradient.ts";

export { BilateralLoss, type BilateralOptions } from "./loss/bilateral.ts";
export type { ClassLoss, ClassLossSize, ClassLossTensors } from "./loss/class_loss.ts";
export { encodeDftHeight } from "./loss/dft_height.ts";
export { encodeDftWidth } from "./loss/dft_width.ts";
export { encodeDftWidthInverse } from "./loss/dft_width_inverse.ts";
export { FftLoss } from "./loss/fft_loss.ts";
export { fftWeights } from "./loss/fft_weights.ts";
export { GradientLoss, type GradientLossOptions } from "./loss/gradient_loss.ts";
export type { ImageLoss, ImageLossTensors, LossMode } from "./loss/image_loss.ts";
export { encodeLaplacian } from "./loss/laplacian.ts";
export { encodeLaplacianBackward } from "./loss/laplacian_backward.ts";
export { LaplacianLoss, type LaplacianOptions } from "./loss/laplacian_loss.ts";
export { laplacianWeights } from "./loss/laplacian_weights.ts";
export { LoosePartsLoss } from "./loss/loose_parts.ts";
export { OrphanLoss, type OrphanOptions } from "./loss/orphans.ts";
export { PottsLoss, type PottsOptions } from "./loss/potts.ts";
export { encodeReduceSum } from "./loss/reduce_sum.ts";
export { encodeSobelDifference } from "./loss/sobel_difference.ts";
export { encodeSobelDifferenceBackward } from "./loss/sobel_difference_backward.ts";
export { TotalVariationLoss, type TotalVariationOptions } from "./loss/total_variation.ts";
export { encodeWeightedMagnitude } from "./loss/weighted_magnitude.ts";

export { type AdamwOptions, type AdamwTensors, encodeAdamw } from "./optimizer/adamw.ts";
export { encodeAddScaled } from "./optimizer/add_scaled.ts";
export { encodeClipGradNorm } from "./optimizer/clip_grad_norm.ts";
export { encodeGradNorm } from "./optimizer/grad_norm.ts";
