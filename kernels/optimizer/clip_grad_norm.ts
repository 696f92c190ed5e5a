import { checkSize } from "../gpu/check_shape.ts";
import { defineKernel } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";
import source from "./clip_grad_norm.wgsl" with { type: "text" };

/** Clips the norm of a gradient. */
export const clipGradNorm = defineKernel({
  name: "clip_grad_norm",
  source,
  params: { size: "u32", max_norm: "f32" },
  tensors: ["read", "read_write"],
});

/**
 * Records the scaling of a gradient to a norm of at most `maxNorm`.
 *
 * As torch.nn.utils.clip_grad_norm_: times min(1, maxNorm / (norm + 1e-6)).
 *
 * @param tensors `grad`, of any shape, changed in place; `norm` [1], its norm, as `encodeGradNorm`
 *   writes it.
 * @param options `maxNorm`: maximum norm, above 0.
 * @throws {RangeError} If `norm` has more than one value, or `maxNorm` is out of range.
 */
export function encodeClipGradNorm(
  pass: Pass,
  { grad, norm }: { readonly grad: GpuTensor; readonly norm: GpuTensor },
  { maxNorm }: { readonly maxNorm: number },
): void {
  if (!(maxNorm > 0)) {
    throw new RangeError(
      `Cannot clip the gradient: expected maxNorm above 0, got ${maxNorm}`,
    );
  }
  checkSize(norm, 1, "clip the gradient");
  pass.dispatch(clipGradNorm, [norm, grad], { size: grad.size, max_norm: maxNorm }, grad.size);
}
