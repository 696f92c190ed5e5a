import type { ImageSize } from "../../image/image.ts";
import type { FloatTensor } from "../../onnx/runtime/float_tensor.ts";

/**
 * Creates SDXL's size conditioning for an image that was neither scaled nor cropped.
 *
 * Source: Podell et al. 2023, https://arxiv.org/abs/2307.01952, section 2.2.
 *
 * @param size Size of the images that the teacher was trained on, in pixels.
 * @param rows Number of rows, R.
 * @returns Original height and width, crop top and left, target height and width; shape [R, 6].
 */
export function makeTimeIds({ height, width }: ImageSize, rows: number): FloatTensor {
  const row = [height, width, 0, 0, height, width];
  return { data: Float32Array.from({ length: 6 * rows }, (_, i) => row[i % 6]!), shape: [rows, 6] };
}
