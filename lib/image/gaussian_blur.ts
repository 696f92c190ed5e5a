import { Image } from "./image.ts";

const PASSES = 3;
const ONE = 1 << 24;

/**
 * Blurs an image as Pillow's `ImageFilter.GaussianBlur` does; opaque images are equal bit for bit.
 *
 * It is three box blurs of fractional width per direction, each rounded to 8 bits. Edges repeat.
 *
 * Source: Gwosdek et al. 2011, "Theoretical foundations of Gaussian convolution by extended box
 * filtering", equations 7, 11 and 14.
 *
 * @param radius Standard deviation in pixels, 0 or more. 0 returns `image` itself.
 */
export function gaussianBlur(image: Image, radius: number): Image {
  if (!(radius >= 0) || !Number.isFinite(radius)) {
    throw new RangeError(`Cannot blur image: expected a radius of 0 or more pixels, got ${radius}`);
  }
  if (radius === 0) return image;
  const { height, width } = image;
  const box = boxRadius(radius);
  const data = Uint8Array.from(image.data);
  for (let channel = 0; channel < 4; channel++) {
    for (let y = 0; y < height; y++) blurLine(data, y * width * 4 + channel, 4, width, box);
    for (let x = 0; x < width; x++) blurLine(data, x * 4 + channel, width * 4, height, box);
  }
  return new Image(image, data);
}

/** Returns the half width of the box, fractional, that gives `sigma` after three passes. */
function boxRadius(sigma: number): number {
  const variance = Math.fround((sigma * sigma) / PASSES);
  const length = Math.fround(Math.sqrt(12 * variance + 1));
  const whole = Math.floor((length - 1) / 2);
  const rest = (2 * whole + 1) * (whole * (whole + 1) - 3 * variance);
  return Math.fround(whole + rest / (6 * (variance - (whole + 1) * (whole + 1))));
}

/** Blurs `size` values, `step` apart, in place. */
function blurLine(
  data: Uint8Array,
  start: number,
  step: number,
  size: number,
  radius: number,
): void {
  const whole = Math.floor(radius);
  const weight = Math.floor(Math.fround(ONE / Math.fround(radius * 2 + 1)));
  const edgeWeight = Math.floor((ONE - (whole * 2 + 1) * weight) / 2);
  const line = new Uint8Array(size);
  const last = size - 1;
  for (let pass = 0; pass < PASSES; pass++) {
    for (let i = 0; i < size; i++) line[i] = data[start + i * step]!;
    let sum = 0;
    for (let d = -whole; d <= whole; d++) sum += line[Math.min(last, Math.max(0, d))]!;
    for (let i = 0; i < size; i++) {
      const left = line[Math.max(0, i - whole - 1)]!;
      const right = line[Math.min(last, i + whole + 1)]!;
      // Stays below 2^53 and its quotient below 2^8, so plain numbers are exact.
      const value = sum * weight + (left + right) * edgeWeight + ONE / 2;
      data[start + i * step] = Math.floor(value / ONE);
      sum += right - line[Math.max(0, i - whole)]!;
    }
  }
}
