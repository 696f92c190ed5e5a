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
  /** Rows of the batch. */
  readonly batch: number;
  /** Type of what is computed. Default: "float32". */
  readonly precision?: FloatType;
}

/** A network that sees depth: how it looks at a picture, and its graph. */
export interface DepthModel {
  /** Returns the size at which a picture is looked at. */
  inputSize(image: ImageSize): ImageSize;
  /** How a picture is brought to that size. */
  readonly filter: ResizeFilter;
  /** What its values are normalized with. */
  readonly statistics: ChannelStatistics;
  /** How depth is brought to another size. */
  readonly interpolation: Interpolation;
  /** Builds the graph: `pixel_values` [N, 3, H, W] to `predicted_depth` [N, H', W']. */
  build(weights: WeightSource, options: DepthGraphOptions): Graph;
}

/** Names of Pillow's filters, by number, as far as pictures can be resized with them. */
const PILLOW_FILTERS: Readonly<Record<number, ResizeFilter>> = { 2: "bilinear", 3: "bicubic" };
const BILINEAR = 2;
const BICUBIC = 3;

/**
 * Reads what a depth network is: a Depth Anything, or a hybrid DPT such as SD-piXL's
 * Intel/dpt-hybrid-midas. The `model_type` of its config.json tells.
 *
 * @throws {ModelConfigError} If it is something else, or an option is not supported.
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
 * Returns the size at which a Depth Anything looks at a picture: its aspect ratio, about as large
 * as the pictures that the network was trained on, with sides that are multiples of the patch.
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
 * SD-piXL enlarges the depth bicubically.
 *
 * Source: transformers' DPTImageProcessor, whose defaults hold where there is no file of it.
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
  // The class itself takes pictures of one size only.
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
      deviation: readChannels(processor, "image_std"),
    },
    interpolation: "bicubic",
    build: (weights, options) => buildDptHybrid(weights, dpt, options),
  };
}

/** Older files have one number for both sides. */
function readSize(processor: ModelConfig, fallback: number): ImageSize {
  const value = processor.get("size") ?? fallback;
  const multiple = processor.integer("ensure_multiple_of", 1);
  const { height, width } = typeof value === "number"
    ? { height: value, width: value }
    : value as Partial<Record<keyof ImageSize, unknown>>;
  const sides = [height, width].map((side) =>
    Number.isSafeInteger(side) ? multiple * Math.round(side as number / multiple) : 0
  );
  if (sides.every((side) => side > 0)) return { height: sides[0]!, width: sides[1]! };
  throw processor.refusal("size", "a number of pixels, or an object with height and width");
}

function readChannels(processor: ModelConfig, key: string): readonly [number, number, number] {
  const value = processor.get(key) ?? [0.5, 0.5, 0.5];
  const fits = (item: unknown) => typeof item === "number" && Number.isFinite(item) && item > 0;
  if (Array.isArray(value) && value.length === 3 && value.every(fits)) {
    return value as [number, number, number];
  }
  throw processor.refusal(key, "three numbers above 0");
}
