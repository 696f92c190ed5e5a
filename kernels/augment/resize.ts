import { defineKernel, type ParamValues } from "../gpu/kernel.ts";
import type { Pass } from "../gpu/pass.ts";
import type { GpuTensor } from "../gpu/tensor.ts";
import { type ImageLayout, imageSize } from "./image_size.ts";
import { resizeTaps } from "./resize_taps.ts";
import source from "./resize.wgsl" with { type: "text" };

/** Interpolation, by the names of torch. */
export type ResizeMode = "bilinear" | "nearest" | "nearest-exact" | "area";

/** Options of a resize and of its backward. */
export interface ResizeOptions {
  /** Interpolation. */
  readonly mode: ResizeMode;
  /** Layout of the input. That of the output is always "chw". */
  readonly layout: ImageLayout;
}

const MODES: readonly ResizeMode[] = ["bilinear", "nearest", "nearest-exact", "area"];

/** Maximum height and width, in pixels: positions are 32-bit integers, in half pixels. */
const MAX_SIZE = 16_384;

/** Resize of an image. */
export const resize = defineKernel({
  name: "resize",
  source,
  prelude: [resizeTaps],
  params: {
    in_height: "u32",
    in_width: "u32",
    out_height: "u32",
    out_width: "u32",
    pixel_stride: "u32",
    channel_stride: "u32",
    mode: "u32",
  },
  tensors: ["read", "read_write"],
});

/**
 * Records a resize of an image to the size of `out`.
 *
 * Source: torch.nn.functional.interpolate with align_corners=False and antialias=False.
 *
 * @param tensors `image` [H, W, 3] or [1, 3, H, W], as `layout` says; `out` [1, 3, S_H, S_W],
 *   overwritten.
 * @throws {RangeError} If a shape does not fit, or a dimension is above 16384 pixels.
 */
export function encodeResize(
  pass: Pass,
  { image, out }: { readonly image: GpuTensor; readonly out: GpuTensor },
  options: ResizeOptions,
): void {
  const params = resizeParams(image, out, { ...options, action: "encode resize" });
  pass.dispatch(resize, [image, out], params, out.size);
}

/** Returns the params of a resize of `image` to `out`, or of its backward. */
export function resizeParams(
  image: GpuTensor,
  out: GpuTensor,
  { mode, layout, action }: ResizeOptions & { readonly action: string },
): ParamValues<typeof resize.params> {
  const from = imageSize(image, layout, action);
  const to = imageSize(out, "chw", action);
  const longest = Math.max(from.height, from.width, to.height, to.width);
  if (longest > MAX_SIZE) {
    throw new RangeError(
      `Cannot ${action}: expected height and width of at most ${MAX_SIZE} pixels, got ${longest}`,
    );
  }
  return {
    in_height: from.height,
    in_width: from.width,
    out_height: to.height,
    out_width: to.width,
    pixel_stride: layout === "hwc" ? 3 : 1,
    channel_stride: layout === "hwc" ? 1 : from.height * from.width,
    mode: MODES.indexOf(mode),
  };
}
