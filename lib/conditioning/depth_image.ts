import type { Gpu } from "../../kernels/gpu/gpu.ts";
import type { Image, ImageSize } from "../image/image.ts";
import { resizeImage } from "../image/resize_image.ts";
import { buildDepthAnything } from "../models/depth_anything.ts";
import {
  type DepthAnythingConfig,
  readDepthAnythingConfig,
} from "../models/depth_anything_config.ts";
import { createSession, type SessionOptions } from "../onnx/session.ts";
import type { FloatType } from "../weights/float16.ts";
import type { ModelFolder } from "../weights/folder.ts";
import { StateDict } from "../weights/state_dict.ts";
import type { FloatTensor } from "./encode_prompts.ts";
import { IMAGENET_STATISTICS, makePixelValues } from "./pixel_values.ts";

/** Options of {@linkcode makeDepthImage}. */
export interface DepthImageOptions extends SessionOptions {
  /** Size of the teacher's image, in pixels. */
  readonly size: ImageSize;
  /** Type of what is computed. Default: "float32". */
  readonly precision?: FloatType;
}

/**
 * Makes the image that a depth ControlNet follows: near is white, far is black.
 *
 * The network is loaded, run once and released.
 *
 * Source: Yang et al. 2024, "Depth Anything V2", https://arxiv.org/abs/2406.09414.
 *
 * @param gpu As of `createSession`.
 * @param folder Files of a Depth Anything network, in transformers' layout.
 * @param image Opaque picture; another size is stretched, as the generator's picture is.
 * @returns Values in [0, 1], shape [1, 3, S_H, S_W].
 * @throws {ModelConfigError} If an option of the network is not supported.
 */
export async function makeDepthImage(
  gpu: Gpu | null,
  folder: ModelFolder,
  image: Image,
  options: DepthImageOptions,
): Promise<FloatTensor> {
  const { size, precision = "float32" } = options;
  const config = await readDepthAnythingConfig(folder);
  const { height, width } = depthInputSize(image, config);
  const resized = resizeImage(image, { height, width }, { fit: "stretch", filter: "bicubic" });
  using weights = await StateDict.open(folder, "", { prefer: precision });
  const graph = buildDepthAnything(weights, config, { batch: 1, height, width, precision });
  await using session = await createSession(gpu, graph, { ...options, isBrief: true });
  const pixelValues = makePixelValues([resized], IMAGENET_STATISTICS);
  const outputs = await session.runHost({ pixel_values: pixelValues });
  const depth = outputs["predicted_depth"]!.data as Float32Array;
  return normalizeDepth(depth, { height, width }, size);
}

/**
 * Returns the size at which a picture is looked at: its aspect ratio, about as large as the
 * pictures that the network was trained on, with sides that are multiples of the patch.
 *
 * Source: `get_resize_output_image_size` of transformers' DPTImageProcessor, with
 * keep_aspect_ratio.
 */
export function depthInputSize(image: ImageSize, { backbone }: DepthAnythingConfig): ImageSize {
  const { imageSize, patchSize } = backbone;
  const scales = [imageSize / image.height, imageSize / image.width] as const;
  const [scaleDown, scaleAcross] = scales;
  const scale = Math.abs(1 - scaleAcross) < Math.abs(1 - scaleDown) ? scaleAcross : scaleDown;
  const sideOf = (side: number) => patchSize * Math.max(1, Math.round(side * scale / patchSize));
  return { height: sideOf(image.height), width: sideOf(image.width) };
}

/**
 * Brings depth to a size, bilinear, and to [0, 1]: the least becomes 0 and the greatest 1.
 *
 * @param depth Shape [H, W].
 * @param from Its size.
 * @returns Three equal channels, shape [1, 3, S_H, S_W]; zeros where all depths are equal.
 */
export function normalizeDepth(
  depth: ArrayLike<number>,
  from: ImageSize,
  { height, width }: ImageSize,
): FloatTensor {
  const down = linearTaps(from.height, height);
  const across = linearTaps(from.width, width);
  const plane = new Float32Array(height * width);
  let [least, greatest] = [Infinity, -Infinity];
  for (let y = 0; y < height; y++) {
    const [top, bottom, v] = down[y]!;
    const at = (row: number, column: number) => depth[row * from.width + column]!;
    for (let x = 0; x < width; x++) {
      const [left, right, u] = across[x]!;
      const above = at(top, left) * (1 - u) + at(top, right) * u;
      const below = at(bottom, left) * (1 - u) + at(bottom, right) * u;
      // Rounded like what is stored, so that the least becomes exactly 0.
      const value = Math.fround(above * (1 - v) + below * v);
      plane[y * width + x] = value;
      least = Math.min(least, value);
      greatest = Math.max(greatest, value);
    }
  }
  const range = greatest - least;
  const data = new Float32Array(3 * plane.length);
  for (let i = 0; i < plane.length; i++) {
    data[i] = range > 0 ? (plane[i]! - least) / range : 0;
  }
  data.copyWithin(plane.length, 0, plane.length);
  data.copyWithin(2 * plane.length, 0, plane.length);
  return { data, shape: [1, 3, height, width] };
}

/** For each new pixel, two old ones and the share of the second; beyond the edge is the edge. */
function linearTaps(from: number, to: number): (readonly [number, number, number])[] {
  return Array.from({ length: to }, (_, i) => {
    const center = Math.max(0, (i + 0.5) * from / to - 0.5);
    const first = Math.min(from - 1, Math.floor(center));
    return [first, Math.min(from - 1, first + 1), center - first];
  });
}
