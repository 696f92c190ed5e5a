/**
 * WebGPU kernels, and what runs them: everything of Smalti that is not a network.
 *
 * Each `encodeX(pass, tensors, options)` records; `gpu.submit` sends. Tensors are borrowed.
 *
 * @module
 */
export * from "./gpu/device.ts";
export * from "./gpu/gpu.ts";
export * from "./gpu/kernel.ts";
export * from "./gpu/pass.ts";
export * from "./gpu/shader_error.ts";
export * from "./gpu/tensor.ts";

export * from "./random/philox.ts";
export * from "./random/streams.ts";

export * from "./generator/argmax.ts";
export * from "./generator/remove_orphans.ts";
export * from "./generator/center_logits.ts";
export * from "./generator/logit_shape.ts";
export * from "./generator/gumbel_softmax.ts";
export * from "./generator/mix_palette.ts";
export * from "./generator/mix_palette_backward.ts";
export * from "./generator/normalize.ts";
export * from "./generator/softmax.ts";
export * from "./generator/softmax_backward.ts";
export * from "./generator/generator_statistics.ts";
export * from "./generator/straight_through.ts";

export * from "./augment/grayscale.ts";
export * from "./augment/grayscale_backward.ts";
export * from "./augment/horizontal_flip.ts";
export * from "./augment/perspective.ts";
export * from "./augment/perspective_backward.ts";
export * from "./augment/perspective_coefficients.ts";
export * from "./augment/image_size.ts";
export * from "./augment/resize.ts";
export * from "./augment/resize_backward.ts";

export * from "./guidance/add_noise.ts";
export * from "./guidance/score_gradient.ts";

export * from "./loss/bilateral.ts";
export * from "./loss/dft_height.ts";
export * from "./loss/dft_width.ts";
export * from "./loss/dft_width_inverse.ts";
export * from "./loss/fft_loss.ts";
export * from "./loss/fft_weights.ts";
export * from "./loss/gradient_loss.ts";
export * from "./loss/image_loss.ts";
export * from "./loss/laplacian.ts";
export * from "./loss/laplacian_backward.ts";
export * from "./loss/laplacian_loss.ts";
export * from "./loss/laplacian_weights.ts";
export * from "./loss/sobel_difference.ts";
export * from "./loss/sobel_difference_backward.ts";
export * from "./loss/reduce_sum.ts";
export * from "./loss/total_variation.ts";
export * from "./loss/weighted_magnitude.ts";

export * from "./optimizer/adamw.ts";
export * from "./optimizer/add_scaled.ts";
export * from "./optimizer/clip_grad_norm.ts";
export * from "./optimizer/grad_norm.ts";
