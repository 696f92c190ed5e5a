import type { Image, ImageSize } from "../image/image.ts";
import type { VideoLayout } from "./video_layout.ts";

// Weights of red and blue in the luma. Source: ITU-R BT.709-6, section 3.
const RED = 0.2126;
const BLUE = 0.0722;

/** Luma in [16, 235] and color differences in [16, 240]: 8 bits, limited range. */
type Yuv = readonly [luma: number, blueness: number, redness: number];

/**
 * Converts a color as BT.709 does, with rounding.
 *
 * @param red In [0, 255], as are `green` and `blue`: sRGB, whose primaries are BT.709's.
 */
function toYuv(red: number, green: number, blue: number): Yuv {
  const luma = RED * red + (1 - RED - BLUE) * green + BLUE * blue;
  return [
    Math.round(16 + (219 / 255) * luma),
    Math.round(128 + (224 / 255) * (blue - luma) / (2 * (1 - BLUE))),
    Math.round(128 + (224 / 255) * (red - luma) / (2 * (1 - RED))),
  ];
}

/**
 * Creates a black frame in the layout I420: a plane of luma [H, W], then the planes of blue and red
 * differences, each [H / 2, W / 2].
 *
 * @param size Even height and width.
 */
export function blackYuvFrame(size: ImageSize): Uint8Array<ArrayBuffer> {
  const count = size.height * size.width;
  return new Uint8Array(count * 1.5).fill(16, 0, count).fill(128, count);
}

/**
 * Draws an image into an I420 frame, enlarged by nearest neighbor.
 *
 * Factor, row and column of the layout are even, so that no two pixels share a color.
 */
export function drawYuvFrame(frame: Uint8Array, image: Image, layout: VideoLayout): void {
  const { height, width, factor, top, left } = layout;
  const half = factor / 2;
  const stride = width / 2;
  const blues = height * width;
  const reds = blues + blues / 4;
  for (let y = 0; y < image.height; y++) {
    const row = (top + y * factor) * width + left;
    const colorRow = (top / 2 + y * half) * stride + left / 2;
    for (let x = 0; x < image.width; x++) {
      const i = (y * image.width + x) * 4;
      const yuv = toYuv(image.data[i]!, image.data[i + 1]!, image.data[i + 2]!);
      frame.fill(yuv[0], row + x * factor, row + (x + 1) * factor);
      const [start, end] = [colorRow + x * half, colorRow + (x + 1) * half];
      frame.fill(yuv[1], blues + start, blues + end);
      frame.fill(yuv[2], reds + start, reds + end);
    }
    repeatRow(frame, { start: row, length: image.width * factor, stride: width, count: factor });
    for (const plane of [blues, reds]) {
      const start = plane + colorRow;
      repeatRow(frame, { start, length: image.width * half, stride, count: half });
    }
  }
}

interface Row {
  readonly start: number;
  readonly length: number;
  readonly stride: number;
  readonly count: number;
}

function repeatRow(plane: Uint8Array, { start, length, stride, count }: Row): void {
  for (let copy = 1; copy < count; copy++) {
    plane.copyWithin(start + copy * stride, start, start + length);
  }
}
