import type { Image, ImageSize } from "../image/image.ts";

/** Interpolation between pixels. */
export type InterpolationMode = "bilinear" | "nearest";

/** Two source pixels of a resized pixel along one axis, and the weight of the second. */
interface Tap {
  readonly first: number;
  readonly second: number;
  readonly weight: number;
}

/**
 * Resizes an image as PyTorch's `F.interpolate` without antialiasing: a downsampled pixel depends
 * on at most four source pixels. Alpha is ignored.
 *
 * @returns sRGB in [0, 1], not rounded, shape [H, W, 3] of `size`.
 */
export function interpolateColors(
  image: Image,
  size: ImageSize,
  mode: InterpolationMode,
): Float32Array {
  const down = taps(image.height, size.height, mode);
  const across = taps(image.width, size.width, mode);
  const colors = new Float32Array(size.height * size.width * 3);
  const value = (y: number, x: number, c: number) => image.data[(y * image.width + x) * 4 + c]!;
  let i = 0;
  for (const row of down) {
    for (const column of across) {
      for (let c = 0; c < 3; c++) {
        const valueAt = (y: number) =>
          mix(value(y, column.first, c), value(y, column.second, c), column.weight);
        colors[i++] = mix(valueAt(row.first), valueAt(row.second), row.weight) / 255;
      }
    }
  }
  return colors;
}

function taps(from: number, to: number, mode: InterpolationMode): Tap[] {
  const scale = from / to;
  return Array.from({ length: to }, (_, i) => {
    const position = mode === "nearest"
      ? Math.floor(i * scale) // the pixel under the upper left corner, as in PyTorch's "nearest"
      : Math.max(0, (i + 0.5) * scale - 0.5);
    const first = Math.min(from - 1, Math.floor(position));
    return { first, second: Math.min(from - 1, first + 1), weight: position - first };
  });
}

function mix(first: number, second: number, weight: number): number {
  return first + (second - first) * weight;
}
