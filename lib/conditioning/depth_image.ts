import type { Image, ImageSize } from "../image/image.ts";
import { type Interpolation, interpolationTaps } from "../image/interpolation_taps.ts";
import { resizeImage } from "../image/resize_image.ts";
import type { SessionLoader } from "../onnx/runtime/session.ts";
import type { FloatType } from "../weights/float16.ts";
import type { ModelFolder } from "../weights/model_folder.ts";
import { StateDict } from "../weights/state_dict.ts";
import { readDepthModel } from "./depth_model.ts";
import { makePixelValues } from "./pixel_values.ts";
import type { FloatTensor } from "../onnx/runtime/float_tensor.ts";

/** Options of {@linkcode makeDepthImage}. */
export interface DepthImageOptions {
  /** Size of the teacher's image, in pixels. */
  readonly size: ImageSize;
  /** Precision of the computation. Default: "float32". */
  readonly precision?: FloatType;
}

/**
 * Creates the control image of a depth ControlNet: near is white, far is black. The network is
 * loaded, run once and released.
 *
 * Source: Yang et al. 2024, "Depth Anything V2", https://arxiv.org/abs/2406.09414; Ranftl et al.
 * 2021, "Vision Transformers for Dense Prediction", https://arxiv.org/abs/2103.13413.
 *
 * @param sessions Loads the network.
 * @param folder Files of a Depth Anything or a hybrid DPT, in transformers' layout.
 * @param image Opaque image. It is stretched to `size`, as the generator's image is.
 * @returns Values in [0, 1], shape [1, 3, S_H, S_W].
 * @throws {ModelConfigError} If an option of the network is not supported.
 * @throws {SessionError} If the network cannot be loaded.
 */
export async function makeDepthImage(
  sessions: SessionLoader,
  folder: ModelFolder,
  image: Image,
  options: DepthImageOptions,
): Promise<FloatTensor> {
  const { size, precision = "float32" } = options;
  const model = await readDepthModel(folder);
  const { height, width } = model.inputSize(image);
  const { filter, statistics, interpolation } = model;
  const resized = resizeImage(image, { height, width }, { fit: "stretch", filter });
  using weights = await StateDict.open(folder, "", { prefer: precision });
  const graph = model.build(weights, { batch: 1, height, width, precision });
  await using session = await sessions.load(graph, { transient: true });
  const pixelValues = makePixelValues([resized], statistics);
  const { outputs } = await session.runHost({ pixel_values: pixelValues });
  const { data, shape } = outputs["predicted_depth"]!;
  const depthSize = { height: shape[1]!, width: shape[2]! };
  return normalizeDepth(data as Float32Array, [depthSize, size], interpolation);
}

/**
 * Resizes depth and scales it to [0, 1]: the min becomes 0, the max 1.
 *
 * @param depth Shape [H, W].
 * @param sizes Size of the depth, and of the result.
 * @returns Three equal channels, shape [1, 3, S_H, S_W]; zeros if all depths are equal.
 */
export function normalizeDepth(
  depth: ArrayLike<number>,
  [from, { height, width }]: readonly [from: ImageSize, to: ImageSize],
  interpolation: Interpolation,
): FloatTensor {
  const down = interpolationTaps(from.height, height, interpolation);
  const across = interpolationTaps(from.width, width, interpolation);
  const plane = new Float32Array(height * width);
  let [min, max] = [Infinity, -Infinity];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (const [row, rowWeight] of down[y]!) {
        for (const [column, weight] of across[x]!) {
          sum += rowWeight * weight * depth[row * from.width + column]!;
        }
      }
      // Rounded like the stored values, so that the min becomes exactly 0.
      const value = Math.fround(sum);
      plane[y * width + x] = value;
      min = Math.min(min, value);
      max = Math.max(max, value);
    }
  }
  const range = max - min;
  const data = new Float32Array(3 * plane.length);
  for (let i = 0; i < plane.length; i++) {
    data[i] = range > 0 ? (plane[i]! - min) / range : 0;
  }
  data.copyWithin(plane.length, 0, plane.length);
  data.copyWithin(2 * plane.length, 0, plane.length);
  return { data, shape: [1, 3, height, width] };
}
