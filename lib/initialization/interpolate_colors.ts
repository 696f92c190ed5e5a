import type { Image, ImageSize } from "../image/image.ts";

/** How values between pixels are found. */
export type InterpolationMode = "bilinear" | "nearest";

/** Two source pixels of one new pixel along one axis, and the share of the second. */
interface Tap {
  readonly first: number;
  readonly second: number;
  readonly share: number;
}

/**
 * Resizes a picture as PyTorch's `F.interpolate` does without antialiasing: a picture that shrinks
 * to a fourth is read at one pixel in four. Alpha is not looked at.
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
        const top = mix(
          value(row.first, column.first, c),
          value(row.first, column.second, c),
          column.share,
        );
        const bottom = mix(
          value(row.second, column.first, c),
          value(row.second, column.second, c),
          column.share,
        );
        colors[i++] = mix(top, bottom, row.share) / 255;
      }
    }
  }
  return colors;
}

function taps(from: number, to: number, mode: InterpolationMode): Tap[] {
  const scale = from / to;
  return Array.from({ length: to }, (_, i) => {
    const position = mode === "nearest"
      ? Math.floor(i * scale) // the pixel under the upper left corner, as PyTorch's "nearest"
      : Math.max(0, (i + 0.5) * scale - 0.5);
    const first = Math.min(from - 1, Math.floor(position));
    return { first, second: Math.min(from - 1, first + 1), share: position - first };
  });
}

function mix(first: number, second: number, share: number): number {
  return first + (second - first) * share;
}
