import type { Image } from "../image/image.ts";
import type { FloatTensor } from "../onnx/runtime/float_tensor.ts";

/** Mean and standard deviation of the images in training: red, green, blue. */
export interface ChannelStatistics {
  /** Subtracted from values in [0, 1]. */
  readonly mean: readonly [number, number, number];
  /** Divides the difference. */
  readonly std: readonly [number, number, number];
}

/**
 * Statistics of ImageNet. Source: IMAGENET_DEFAULT_MEAN and _STD of transformers' image_utils.py.
 */
export const IMAGENET_STATISTICS: ChannelStatistics = {
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};

/**
 * Statistics of CLIP and BLIP. Source: OPENAI_CLIP_MEAN and _STD of transformers' image_utils.py.
 */
export const CLIP_STATISTICS: ChannelStatistics = {
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
};

/**
 * Normalizes images for a network.
 *
 * @param images Opaque images of one size, at least one.
 * @returns Shape [N, 3, H, W].
 * @throws {RangeError} If there is no image, or the sizes differ.
 */
export function makePixelValues(
  images: readonly Image[],
  { mean, std }: ChannelStatistics,
): FloatTensor {
  const [first] = images;
  if (!first || images.some(({ height, width }) => !isSize(first, height, width))) {
    const sizes = images.map(({ height, width }) => `${height}x${width}`).join(", ");
    throw new RangeError(
      `Cannot normalize images: expected one or more of one size, got ${sizes || "none"}`,
    );
  }
  const { height, width } = first;
  const plane = height * width;
  const data = new Float32Array(images.length * 3 * plane);
  for (const [n, image] of images.entries()) {
    for (let c = 0; c < 3; c++) {
      const start = (n * 3 + c) * plane;
      for (let i = 0; i < plane; i++) {
        data[start + i] = (image.data[i * 4 + c]! / 255 - mean[c]!) / std[c]!;
      }
    }
  }
  return { data, shape: [images.length, 3, height, width] };
}

function isSize(image: Image, height: number, width: number): boolean {
  return image.height === height && image.width === width;
}
