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
  /** Type of what is computed. Default: "float32". */
  readonly precision?: FloatType;
}

/**
 * Makes the image that a depth ControlNet follows: near is white, far is black.
 *
 * The network is loaded, run once and released.
 *
 * Source: Yang et al. 2024, "Depth Anything V2", https://arxiv.org/abs/2406.09414; Ranftl et al.
 * 2021, "Vision Transformers for Dense Prediction", https://arxiv.org/abs/2103.13413.
 *
 * @param sessions Loads the network.
 * @param folder Files of a Depth Anything or a hybrid DPT, in transformers' layout.
 * @param image Opaque picture; another size is stretched, as the generator's picture is.
 * @returns Values in [0, 1], shape [1, 3, S_H, S_W].
 * @throws {ModelConfigError} If an option of the network is not supported.
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
  const seen = { height: shape[1]!, width: shape[2]! };
  return normalizeDepth(data as Float32Array, [seen, size], interpolation);
}

/**
 * Brings depth to a size and to [0, 1]: the least becomes 0 and the greatest 1.
 *
 * @param depth Shape [H, W].
 * @param sizes Its size, and that of the result.
 * @returns Three equal channels, shape [1, 3, S_H, S_W]; zeros where all depths are equal.
 */
export function normalizeDepth(
  depth: ArrayLike<number>,
  [from, { height, width }]: readonly [from: ImageSize, to: ImageSize],
  interpolation: Interpolation,
): FloatTensor {
  const down = interpolationTaps(from.height, height, interpolation);
  const across = interpolationTaps(from.width, width, interpolation);
  const plane = new Float32Array(height * width);
  let [least, greatest] = [Infinity, -Infinity];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (const [row, rowWeight] of down[y]!) {
        for (const [column, weight] of across[x]!) {
          sum += rowWeight * weight * depth[row * from.width + column]!;
        }
      }
      // Rounded like what is stored, so that the least becomes exactly 0.
      const value = Math.fround(sum);
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
