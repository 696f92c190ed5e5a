import assert from "node:assert/strict";
import type { Image, ImageSize } from "../../lib/image/image.ts";

/** Converts limited-range BT.709 to 8-bit sRGB values. Source: ITU-R BT.709-6, Section 3. */
function toRgb(luma: number, blueness: number, redness: number): number[] {
  const y = (luma - 16) / 219;
  const red = y + 1.5748 * (redness - 128) / 224;
  const blue = y + 1.8556 * (blueness - 128) / 224;
  const green = (y - 0.2126 * red - 0.0722 * blue) / 0.7152;
  return [red, green, blue].map((value) => 255 * Math.min(1, Math.max(0, value)));
}

/** Expected frame of a video: an image on black. */
export interface ExpectedFrame {
  readonly image: Image;
  readonly factor: number;
  readonly top: number;
  readonly left: number;
  /** Compared part of the frame. */
  readonly size: ImageSize;
}

/** Returns the peak signal-to-noise ratio of a decoded frame, in decibels. */
export function peakSignalToNoise(
  frame: { height: number; width: number; planes: Uint8Array },
  { image, factor, top, left, size }: ExpectedFrame,
): number {
  const { height, width, planes } = frame;
  const [blues, reds] = [height * width, height * width * 1.25];
  let sum = 0;
  for (let y = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++) {
      const color = (y >> 1) * (width >> 1) + (x >> 1);
      const [row, column] = [Math.floor((y - top) / factor), Math.floor((x - left) / factor)];
      const isInside = row >= 0 && row < image.height && column >= 0 && column < image.width;
      const pixel = isInside ? (row * image.width + column) * 4 : -1;
      toRgb(planes[y * width + x]!, planes[blues + color]!, planes[reds + color]!)
        .forEach((value, c) => sum += (value - (isInside ? image.data[pixel + c]! : 0)) ** 2);
    }
  }
  return 10 * Math.log10(255 ** 2 / (sum / (size.height * size.width * 3)));
}

/** Asserts that an image is a smaller one, enlarged by nearest neighbor. */
export function assertEnlarged(large: Image, small: Image, factor: number): void {
  assert.deepEqual([large.height, large.width], [small.height * factor, small.width * factor]);
  for (let y = 0; y < large.height; y++) {
    for (let x = 0; x < large.width; x++) {
      const from = (Math.floor(y / factor) * small.width + Math.floor(x / factor)) * 4;
      const to = (y * large.width + x) * 4;
      for (let c = 0; c < 4; c++) assert.equal(large.data[to + c], small.data[from + c]);
    }
  }
}
