import { compositeAlpha } from "../image/composite_alpha.ts";
import type { Image, Rgb } from "../image/image.ts";
import { type ResizeFilter, resizeImage } from "../image/resize_image.ts";
import { ModelConfig } from "../models/model_config.ts";
import { subfolderPath } from "../weights/folder_files.ts";
import type { FloatTensor } from "../onnx/runtime/float_tensor.ts";
import type { ClipLocation } from "./clip_location.ts";
import { type ChannelStatistics, CLIP_STATISTICS, makePixelValues } from "./pixel_values.ts";

/** How a CLIP sees images. */
export interface ClipPreprocessing {
  /** Height and width of its input in pixels. */
  readonly side: number;
  /** How an image that is not square is fitted: "pad" adds its background, or white. */
  readonly fit: "pad" | "stretch";
  /** Interpolation. */
  readonly filter: ResizeFilter;
  /** Mean and standard deviation for the normalization. */
  readonly statistics: ChannelStatistics;
  /** Whether an image smaller than the input is first enlarged by whole pixels. */
  readonly isSharp: boolean;
}

/**
 * Background of transparent pixels: white, as behind most cut-out subjects on the web, and in the
 * training of the project's own CLIP. The magenta on which teachers draw such subjects would be
 * seen as a part of the picture.
 */
const BACKGROUND: Rgb = [255, 255, 255];

/** Name of the file that tells it. */
const FILE = "preprocessor_config.json";

/** Supported filters by Pillow's number. */
const PILLOW_FILTERS: ReadonlyMap<number, ResizeFilter> = new Map([
  [0, "nearest"],
  [2, "bilinear"],
  [3, "bicubic"],
]);
const BICUBIC = 3;

/**
 * Reads how a CLIP sees images.
 *
 * A CLIP of photographs has seen pixel art enlarged with sharp pixels, if at all. So it gets images
 * that are smaller than its input enlarged by whole pixels first. A teacher's own CLIP was trained
 * on such pictures as its file prepares them, and gets them that way.
 *
 * An image that is not square is padded where the file says to crop its center: a picture cannot be
 * judged by a part of it.
 *
 * Source: transformers' CLIPImageProcessor; its defaults apply if its file is missing.
 *
 * @param side Height and width of the input, in pixels.
 * @throws {ModelConfigError} If an option is not supported.
 */
export async function readClipPreprocessing(
  { folder, subfolder, isOwn }: ClipLocation,
  side: number,
): Promise<ClipPreprocessing> {
  const processor = await folder.has(subfolderPath(subfolder, FILE))
    ? await ModelConfig.open(folder, subfolder, FILE)
    : new ModelConfig(FILE, {});
  for (const key of ["do_resize", "do_rescale", "do_normalize"]) {
    processor.choice(key, [true], true);
  }
  const factor = processor.positive("rescale_factor", 1 / 255);
  if (Math.abs(255 * factor - 1) > 1e-6) throw processor.refusal("rescale_factor", "1 / 255");
  const number = processor.choice("resample", [...PILLOW_FILTERS.keys()], BICUBIC);
  return {
    side,
    fit: readFit(processor, side),
    filter: PILLOW_FILTERS.get(number)!,
    statistics: {
      mean: readChannels(processor, "image_mean", CLIP_STATISTICS.mean),
      std: readChannels(processor, "image_std", CLIP_STATISTICS.std),
    },
    isSharp: !isOwn,
  };
}

/**
 * Prepares images for a CLIP. Transparent parts become white. By "nearest" images are only
 * enlarged: larger ones are reduced by "area", which misses no pixel.
 *
 * @param images Images of any sizes, at least one.
 * @returns Shape [N, 3, S, S].
 */
export function prepareForClip(
  images: readonly Image[],
  { side, fit, filter, statistics, isSharp }: ClipPreprocessing,
): FloatTensor {
  const prepared = images.map((image) => {
    const opaque = compositeAlpha(image, BACKGROUND);
    const whole = fit === "pad" ? padToSquare(opaque) : opaque;
    const enlarged = isSharp ? enlargeTo(whole, side) : whole;
    const isLarger = Math.max(enlarged.height, enlarged.width) > side;
    return resizeImage(enlarged, { height: side, width: side }, {
      fit: "stretch",
      filter: filter === "nearest" && isLarger ? "area" : filter,
    });
  });
  return makePixelValues(prepared, statistics);
}

/** Centers an image on a square of its background. */
function padToSquare(image: Image): Image {
  const { height, width } = image;
  if (height === width) return image;
  const side = Math.max(height, width);
  return resizeImage(image, { height: side, width: side }, {
    fit: "fit",
    filter: "nearest",
    background: borderColor(image),
  });
}

/** Returns the color of at least half of the border pixels of an opaque image; else white. */
function borderColor({ height, width, data }: Image): Rgb {
  const counts = new Map<number, number>();
  let total = 0;
  for (let i = 0; i < height * width; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    if (x > 0 && x < width - 1 && y > 0 && y < height - 1) continue;
    const color = data[i * 4]! << 16 | data[i * 4 + 1]! << 8 | data[i * 4 + 2]!;
    counts.set(color, (counts.get(color) ?? 0) + 1);
    total++;
  }
  const [color, count] = [...counts].reduce((best, one) => one[1] > best[1] ? one : best);
  return 2 * count < total ? BACKGROUND : [color >> 16, color >> 8 & 255, color & 255];
}

/** Enlarges an image by whole pixels until no side is below `side`. */
function enlargeTo(image: Image, side: number): Image {
  const scale = Math.ceil(side / Math.min(image.height, image.width));
  if (scale <= 1) return image;
  const size = { height: image.height * scale, width: image.width * scale };
  return resizeImage(image, size, { fit: "stretch", filter: "nearest" });
}

/**
 * The file says that either the shorter side is resized and the center cropped, or both sides are
 * resized.
 */
function readFit(processor: ModelConfig, side: number): ClipPreprocessing["fit"] {
  const isCropped = processor.boolean("do_center_crop", true);
  if (isCropped && !isSquare(processor.get("crop_size") ?? side, side)) {
    throw processor.refusal("crop_size", `${side}, as image_size`);
  }
  const size = processor.get("size") ?? { shortest_edge: side };
  const shortest = (size as { readonly shortest_edge?: unknown }).shortest_edge;
  if (isCropped && (shortest ?? size) === side) return "pad";
  if (shortest === undefined && isSquare(size, side)) return "stretch";
  throw processor.refusal("size", `${side}, as image_size`);
}

/** Tells whether a size is that of a square: a number, or height and width. */
function isSquare(value: unknown, side: number): boolean {
  if (typeof value === "number") return value === side;
  const { height, width } = value as { readonly height?: unknown; readonly width?: unknown };
  return height === side && width === side;
}

function readChannels(
  processor: ModelConfig,
  key: string,
  fallback: ChannelStatistics["mean"],
): ChannelStatistics["mean"] {
  const value = processor.get(key) ?? fallback;
  const fits = (item: unknown) => typeof item === "number" && Number.isFinite(item) && item > 0;
  if (Array.isArray(value) && value.length === 3 && value.every(fits)) {
    return value as [number, number, number];
  }
  throw processor.refusal(key, "three numbers > 0");
}
