import type { ImageSize } from "../image/image.ts";
import type { Interpolation } from "../image/interpolation_taps.ts";
import type { ResizeFilter } from "../image/resize_image.ts";
import { buildDepthAnything } from "../models/depth/depth_anything.ts";
import {
  type DepthAnythingConfig,
  parseDepthAnythingConfig,
} from "../models/depth/depth_anything_config.ts";
import { parseDptConfig } from "../models/depth/dpt_config.ts";
import { buildDptHybrid } from "../models/depth/dpt_hybrid.ts";
import { ModelConfig } from "../models/model_config.ts";
import type { Graph } from "../onnx/graph/graph.ts";
import type { FloatType } from "../weights/float16.ts";
import type { ModelFolder } from "../weights/model_folder.ts";
import type { WeightSource } from "../weights/weight_source.ts";
import { type ChannelStatistics, IMAGENET_STATISTICS } from "./pixel_values.ts";

/** Sizes and precision of the graph of a depth estimator. */
export interface DepthGraphOptions extends ImageSize {
  /** Number of images, N. */
  readonly batch: number;
  /** Precision of the computation. Default: "float32". */
  readonly precision?: FloatType;
}

/** A depth estimator: how it prepares an image, and its graph. */
export interface DepthModel {
  /** Returns the size to which an image is resized for the network. */
  inputSize(image: ImageSize): ImageSize;
  /** Filter of that resize. */
  readonly filter: ResizeFilter;
  /** Mean and standard deviation for the normalization of the image. */
  readonly statistics: ChannelStatistics;
  /** Interpolation with which the depth is resized. */
  readonly interpolation: Interpolation;
  /** Builds the graph: `pixel_values` [N, 3, H, W] -> `predicted_depth` [N, H', W']. */
  build(weights: WeightSource, options: DepthGraphOptions): Graph;
}

/** Supported filters by Pillow's number. */
const PILLOW_FILTERS: Readonly<Record<number, ResizeFilter>> = { 2: "bilinear", 3: "bicubic" };
const BILINEAR = 2;
const BICUBIC = 3;

/**
 * Reads the options of a depth estimator: a Depth Anything, or a hybrid DPT such as SD-piXL's
 * Intel/dpt-hybrid-midas, by the `model_type` of its config.json.
 *
 * @throws {ModelConfigError} If it has another type, or an option is not supported.
 */
export async function readDepthModel(folder: ModelFolder): Promise<DepthModel> {
  const config = await ModelConfig.open(folder, "");
  if (config.choice("model_type", ["depth_anything", "dpt"]) === "dpt") {
    return await readDpt(folder, config);
  }
  const depthAnything = parseDepthAnythingConfig(config);
  return {
    inputSize: (image) => depthInputSize(image, depthAnything),
    filter: "bicubic",
    statistics: IMAGENET_STATISTICS,
    interpolation: "bilinear",
    build: (weights, options) => buildDepthAnything(weights, depthAnything, options),
  };
}

/**
 * Returns the input size of a Depth Anything for an image: about the size of the images in
 * training, with the aspect ratio of the image, rounded to multiples of the patch size.
 *
 * Source: `get_resize_output_image_size` of transformers' DPTImageProcessor, with
 * keep_aspect_ratio.
 */
export function depthInputSize(image: ImageSize, { backbone }: DepthAnythingConfig): ImageSize {
  const { imageSize, patchSize } = backbone;
  const [scaleH, scaleW] = [imageSize / image.height, imageSize / image.width];
  const scale = Math.abs(1 - scaleW) < Math.abs(1 - scaleH) ? scaleW : scaleH;
  const scaled = (size: number) => patchSize * Math.max(1, Math.round(size * scale / patchSize));
  return { height: scaled(image.height), width: scaled(image.width) };
}

/**
 * Reads a hybrid DPT. Its depth is resized with bicubic interpolation, as in SD-piXL.
 *
 * Source: transformers' DPTImageProcessor; its defaults apply if its file is missing.
 */
async function readDpt(folder: ModelFolder, config: ModelConfig): Promise<DepthModel> {
  const dpt = parseDptConfig(config);
  const name = "preprocessor_config.json";
  const processor = await folder.has(name)
    ? await ModelConfig.open(folder, "", name)
    : new ModelConfig(name, {});
  processor.requireOff("do_center_crop", "do_pad");
  for (const key of ["do_resize", "do_rescale", "do_normalize"]) {
    processor.choice(key, [true], true);
  }
  // The class itself supports only one image size.
  processor.choice("keep_aspect_ratio", [false], false);
  const factor = processor.positive("rescale_factor", 1 / 255);
  if (Math.abs(255 * factor - 1) > 1e-6) throw processor.refusal("rescale_factor", "1 / 255");
  const size = readSize(processor, dpt.imageSize);
  const filter = processor.choice("resample", [BILINEAR, BICUBIC], BICUBIC);
  return {
    inputSize: () => size,
    filter: PILLOW_FILTERS[filter]!,
    statistics: {
      mean: readChannels(processor, "image_mean"),
      std: readChannels(processor, "image_std"),
    },
    interpolation: "bicubic",
    build: (weights, options) => buildDptHybrid(weights, dpt, options),
  };
}

/** Older files have one number for height and width. */
function readSize(processor: ModelConfig, fallback: number): ImageSize {
  const value = processor.get("size") ?? fallback;
  const multiple = processor.integer("ensure_multiple_of", 1);
  const { height, width } = typeof value === "number"
    ? { height: value, width: value }
    : value as Partial<Record<keyof ImageSize, unknown>>;
  const rounded = [height, width].map((size) =>
    Number.isSafeInteger(size) ? multiple * Math.round(size as number / multiple) : 0
  );
  if (rounded.every((size) => size > 0)) return { height: rounded[0]!, width: rounded[1]! };
  throw processor.refusal("size", "a number of pixels, or an object with height and width");
}

function readChannels(processor: ModelConfig, key: string): readonly [number, number, number] {
  const value = processor.get(key) ?? [0.5, 0.5, 0.5];
  const fits = (item: unknown) => typeof item === "number" && Number.isFinite(item) && item > 0;
  if (Array.isArray(value) && value.length === 3 && value.every(fits)) {
    return value as [number, number, number];
  }
  throw processor.refusal(key, "three numbers > 0");
}
