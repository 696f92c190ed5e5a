import { Image, type ImageSize, type Rgb } from "./image.ts";

/** How an image is fitted to a size of another aspect ratio. */
export type ResizeFit =
  /** The whole image, centered; the rest is background. */
  | "fit"
  /** Centered, without background; both ends of the longer axis are cut off. */
  | "crop"
  /** The whole image without background, distorted. */
  | "stretch";

/** The interpolation. */
export type ResizeFilter =
  /** Linear. When shrinking, the kernel widens (antialiasing). */
  | "bilinear"
  /** Cubic, as Pillow's BICUBIC: sharper than "bilinear". With antialiasing. */
  | "bicubic"
  /** The mean over the area of the new pixel. */
  | "area"
  /** The pixel under the center of the new one. */
  | "nearest";

/** Options of {@linkcode resizeImage}. */
export interface ResizeOptions {
  /** Default: "crop". */
  readonly fit?: ResizeFit;
  /** Default: "bilinear". */
  readonly filter?: ResizeFilter;
  /** Color around the image with "fit". Default: transparent. */
  readonly background?: Rgb;
}

/**
 * Resizes an image. Colors are weighted by alpha, so that transparent pixels do not bleed.
 *
 * @returns A new image of exactly `size`; the caller owns it.
 */
export function resizeImage(image: Image, size: ImageSize, options: ResizeOptions = {}): Image {
  const { fit = "crop", filter = "bilinear", background } = options;
  const result = background === undefined ? new Image(size) : Image.filled(size, background);
  if (fit === "stretch") return resample(image, size, FULL, filter);
  const scales = [size.height / image.height, size.width / image.width] as const;
  if (fit === "crop") {
    const scale = Math.max(...scales);
    return resample(image, size, {
      height: size.height / scale / image.height,
      width: size.width / scale / image.width,
    }, filter);
  }
  const inner = fitWithin(image, size);
  const resized = resample(image, inner, FULL, filter);
  const top = (size.height - inner.height) >> 1;
  const left = (size.width - inner.width) >> 1;
  for (let y = 0; y < inner.height; y++) {
    const row = resized.data.subarray(y * inner.width * 4, (y + 1) * inner.width * 4);
    result.data.set(row, ((top + y) * size.width + left) * 4);
  }
  return result;
}

/** Returns the largest size with the aspect ratio of `size` that fits `box`, at least 1x1. */
export function fitWithin(size: ImageSize, box: ImageSize): ImageSize {
  const scale = Math.min(box.height / size.height, box.width / size.width);
  return {
    height: Math.min(box.height, Math.max(1, Math.round(size.height * scale))),
    width: Math.min(box.width, Math.max(1, Math.round(size.width * scale))),
  };
}

/** The centered part of the source that is used, as shares of its height and width. */
const FULL = { height: 1, width: 1 };

function resample(image: Image, size: ImageSize, part: ImageSize, filter: ResizeFilter): Image {
  const across = taps(image.width, size.width, part.width, filter);
  const down = taps(image.height, size.height, part.height, filter);
  // Rows first: [image.height, size.width, 4], colors multiplied by alpha.
  const rows = new Float32Array(image.height * size.width * 4);
  for (let y = 0; y < image.height; y++) {
    for (let x = 0; x < size.width; x++) {
      const to = (y * size.width + x) * 4;
      const { start, weights } = across[x]!;
      for (let k = 0; k < weights.length; k++) {
        const from = (y * image.width + start + k) * 4;
        const alpha = weights[k]! * image.data[from + 3]! / 255;
        for (let c = 0; c < 3; c++) rows[to + c]! += alpha * image.data[from + c]!;
        rows[to + 3]! += alpha;
      }
    }
  }
  const result = new Image(size);
  for (let y = 0; y < size.height; y++) {
    const { start, weights } = down[y]!;
    for (let x = 0; x < size.width; x++) {
      const sum = [0, 0, 0, 0];
      for (let k = 0; k < weights.length; k++) {
        const from = ((start + k) * size.width + x) * 4;
        for (let c = 0; c < 4; c++) sum[c]! += weights[k]! * rows[from + c]!;
      }
      const to = (y * size.width + x) * 4;
      const alpha = sum[3]!;
      // A cubic may overshoot.
      const toByte = (value: number) => Math.max(0, Math.min(255, Math.round(value)));
      for (let c = 0; c < 3; c++) result.data[to + c] = alpha > 0 ? toByte(sum[c]! / alpha) : 0;
      result.data[to + 3] = toByte(alpha * 255);
    }
  }
  return result;
}

/** The source pixels of one new pixel along one axis; the weights sum to 1. */
interface Taps {
  readonly start: number;
  readonly weights: Float32Array;
}

function taps(from: number, to: number, part: number, filter: ResizeFilter): Taps[] {
  const scale = (from * part) / to; // source pixels a new pixel
  const offset = (from * (1 - part)) / 2;
  return Array.from({ length: to }, (_, i) => {
    const center = offset + (i + 0.5) * scale;
    if (filter === "nearest") {
      return { start: Math.min(from - 1, Math.floor(center)), weights: Float32Array.of(1) };
    }
    const stretch = Math.max(1, scale);
    const support = { area: scale / 2, bilinear: stretch, bicubic: 2 * stretch }[filter];
    const start = Math.max(0, Math.floor(center - support));
    const end = Math.min(from, Math.ceil(center + support));
    const weights = new Float32Array(end - start).map((_, k) =>
      filter === "area"
        ? Math.max(
          0,
          Math.min(start + k + 1, center + support) - Math.max(start + k, center - support),
        )
        : filter === "bicubic"
        ? cubic(Math.abs(start + k + 0.5 - center) / stretch)
        : Math.max(0, 1 - Math.abs(start + k + 0.5 - center) / support)
    );
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { start, weights: weights.map((weight) => weight / sum) };
  });
}

/** The cubic at a distance in pixels. Source: Keys 1981, with a = -1/2, as Pillow. */
function cubic(d: number): number {
  if (d >= 2) return 0;
  return d <= 1 ? (1.5 * d - 2.5) * d * d + 1 : ((-0.5 * d + 2.5) * d - 4) * d + 2;
}
