import { checkShape } from "../gpu/check_shape.ts";
import type { GpuTensor } from "../gpu/tensor.ts";

/** Order of the dimensions of an image: [H, W, 3] or [1, 3, H, W]. */
export type ImageLayout = "hwc" | "chw";

/** Size of an image, in pixels. */
export interface ImageSize {
  /** Rows. */
  readonly height: number;
  /** Columns. */
  readonly width: number;
}

/**
 * Returns the size of an image of three channels.
 *
 * @param action What needs it, for the message, such as "encode resize".
 * @throws {RangeError} If the shape of the tensor does not fit the layout.
 */
export function imageSize(image: GpuTensor, layout: ImageLayout, action: string): ImageSize {
  checkShape(image, layout === "hwc" ? ["H", "W", 3] : [1, 3, "H", "W"], action);
  const [height, width] = (layout === "hwc" ? image.shape : image.shape.slice(2)) as [
    number,
    number,
  ];
  return { height, width };
}

/**
 * Returns the size of two images of the same shape [1, 3, H, W].
 *
 * @param action What needs it, for the message, such as "encode grayscale".
 * @throws {RangeError} If their shapes differ, or are no [1, 3, H, W].
 */
export function commonImageSize(a: GpuTensor, b: GpuTensor, action: string): ImageSize {
  const size = imageSize(a, "chw", action);
  checkShape(b, a.shape, action);
  return size;
}
