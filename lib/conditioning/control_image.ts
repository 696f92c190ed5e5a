import type { ControlnetConfig } from "../../config/run_config.ts";
import { canny } from "../image/canny.ts";
import { gaussianBlur } from "../image/gaussian_blur.ts";
import type { Image, ImageSize } from "../image/image.ts";
import { resizeImage } from "../image/resize_image.ts";
import type { FloatTensor } from "../onnx/runtime/float_tensor.ts";

/** Options of edge detection. */
export type EdgeConfig = Pick<
  ControlnetConfig,
  "cannyThreshold1" | "cannyThreshold2" | "cannyBlur" | "cannyBlurRadius"
>;

/**
 * Creates the control image of a canny ControlNet: white edges on black.
 *
 * Source: Zhang et al. 2023, https://arxiv.org/abs/2302.05543.
 *
 * @param image Opaque image. It is stretched to `size`, as the generator's image is; a
 *   smaller one by nearest neighbor.
 * @param size Size of the teacher's image, in pixels.
 * @returns Values 0 or 1, shape [1, 3, S_H, S_W].
 */
export function makeCannyImage(image: Image, size: ImageSize, config: EdgeConfig): FloatTensor {
  const { height, width } = size;
  const isSameSize = image.height === height && image.width === width;
  const isEnlarged = height >= image.height && width >= image.width;
  const filter = isEnlarged ? "nearest" : "bilinear";
  const resized = isSameSize ? image : resizeImage(image, size, { fit: "stretch", filter });
  const blurred = config.cannyBlur ? gaussianBlur(resized, config.cannyBlurRadius) : resized;
  const edges = canny(blurred, { low: config.cannyThreshold1, high: config.cannyThreshold2 });
  const data = new Float32Array(3 * edges.length);
  for (let channel = 0; channel < 3; channel++) {
    for (let i = 0; i < edges.length; i++) data[channel * edges.length + i] = edges[i]! / 255;
  }
  return { data, shape: [1, 3, height, width] };
}
