import { defineKernel, type ParamValues } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";
import { perspectiveShift } from "./perspective_shift.ts";
import source from "./perspective.wgsl" with { type: "text" };
import type { PerspectiveCoefficients } from "./perspective_coefficients.ts";
import { commonImageSize, type ImageSize } from "./image_size.ts";

/** Options of a change of perspective and of its backward. */
export interface PerspectiveOptions {
  /** The map from the output to the input, as `perspectiveCoefficients` returns it. */
  readonly coefficients: PerspectiveCoefficients;
}

/** Change of perspective. */
export const perspective = defineKernel({
  name: "perspective",
  source,
  prelude: [perspectiveShift],
  params: {
    height: "u32",
    width: "u32",
    a_minus_1: "f32",
    b: "f32",
    c: "f32",
    d: "f32",
    e_minus_1: "f32",
    f: "f32",
    g: "f32",
    h: "f32",
  },
  tensors: ["read", "read_write"],
});

/**
 * Records a change of perspective of an image. Outside, the image is 0.
 *
 * Source: torchvision.transforms.functional.perspective with bilinear interpolation and no fill.
 *
 * @param tensors `image` and `out`, both [1, 3, H, W]; `out` is overwritten.
 * @throws {RangeError} If a shape differs.
 */
export function encodePerspective(
  pass: Pass,
  { image, out }: { readonly image: GpuTensor; readonly out: GpuTensor },
  { coefficients }: PerspectiveOptions,
): void {
  const { height, width } = commonImageSize(image, out, "encode perspective");
  const params = perspectiveParams(coefficients, { height, width });
  pass.dispatch(perspective, [image, out], params, height * width);
}

/** Returns the params of a change of perspective. */
export function perspectiveParams(
  [a, b, c, d, e, f, g, h]: PerspectiveCoefficients,
  { height, width }: ImageSize,
): ParamValues<typeof perspective.params> {
  return { height, width, a_minus_1: a - 1, b, c, d, e_minus_1: e - 1, f, g, h };
}
