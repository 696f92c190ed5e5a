import type { GpuTensor } from "../gpu/tensor.ts";

/** Order of the sides of a picture: [H, W, 3] or [1, 3, H, W]. */
export type ImageLayout = "hwc" | "chw";

/** Sides of a picture, in pixels. */
export interface ImageSize {
  /** Rows. */
  readonly height: number;
  /** Columns. */
  readonly width: number;
}

/**
 * Returns the size of a picture of three channels.
 *
 * @param action What needs it, for the message, such as "encode resize".
 * @throws {RangeError} If the tensor has another shape.
 */
export function imageSize(
  { label, shape }: GpuTensor,
  layout: ImageLayout,
  action: string,
): ImageSize {
  const [height, width] = layout === "hwc" ? [shape[0], shape[1]] : [shape[2], shape[3]];
  const expected = layout === "hwc" ? [height, width, 3] : [1, 3, height, width];
  if (height && width && expected.join() === shape.join()) return { height, width };
  throw new RangeError(
    `Cannot ${action}: expected "${label}" of shape ` +
      `${layout === "hwc" ? "[H, W, 3]" : "[1, 3, H, W]"}, got [${shape.join(", ")}]`,
  );
}

/**
 * Returns the size that two pictures of shape [1, 3, H, W] have in common.
 *
 * @throws {RangeError} If they have another shape, or two.
 */
export function commonImageSize(a: GpuTensor, b: GpuTensor, action: string): ImageSize {
  const size = imageSize(a, "chw", action);
  if (b.shape.join() === a.shape.join()) return size;
  throw new RangeError(
    `Cannot ${action}: expected "${b.label}" of shape [${a.shape.join(", ")}], ` +
      `got [${b.shape.join(", ")}]`,
  );
}
