import { defineKernel } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";
import { perspective, type PerspectiveOptions, perspectiveParams } from "./perspective.ts";
import { perspectiveShift } from "./perspective_shift.ts";
import source from "./perspective_backward.wgsl" with { type: "text" };
import { inversePerspective } from "./perspective_coefficients.ts";
import { commonImageSize } from "./image_size.ts";

/** Gradient of a change of perspective. */
export const perspectiveBackward = defineKernel({
  name: "perspective_backward",
  source,
  prelude: [perspectiveShift],
  params: {
    ...perspective.params,
    inverse_a: "f32",
    inverse_b: "f32",
    inverse_c: "f32",
    inverse_d: "f32",
    inverse_e: "f32",
    inverse_f: "f32",
    inverse_g: "f32",
    inverse_h: "f32",
    inverse_i: "f32",
  },
  tensors: ["read", "read_write"],
});

/**
 * Records the gradient of a change of perspective with respect to its input. The order of the sums
 * is fixed.
 *
 * @param tensors `gradOut` and `gradImage`, both [1, 3, H, W]; `gradImage` is overwritten.
 * @param options The options of the forward.
 * @throws {RangeError} If a shape differs, or the map has no inverse.
 */
export function encodePerspectiveBackward(
  pass: Pass,
  { gradOut, gradImage }: { readonly gradOut: GpuTensor; readonly gradImage: GpuTensor },
  { coefficients }: PerspectiveOptions,
): void {
  const action = "encode the backward of perspective";
  const { height, width } = commonImageSize(gradOut, gradImage, action);
  const [a, b, c, d, e, f, g, h, i] = inversePerspective(coefficients);
  const params = {
    ...perspectiveParams(coefficients, { height, width }),
    inverse_a: a,
    inverse_b: b,
    inverse_c: c,
    inverse_d: d,
    inverse_e: e,
    inverse_f: f,
    inverse_g: g,
    inverse_h: h,
    inverse_i: i,
  };
  pass.dispatch(perspectiveBackward, [gradOut, gradImage], params, height * width);
}
