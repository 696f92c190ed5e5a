import { neighborsOf } from "../finish/indexed_picture.ts";
import type { Image, ImageSize, Rgb } from "../image/image.ts";

/**
 * Returns the pixels that are connected with the starts and fulfill a condition, starts first.
 * Pixels are connected by their sides.
 *
 * @param isPart Not asked for the starts.
 * @param steps Maximum number of steps from a start to a pixel. Default: Infinity.
 */
export function flood(
  image: ImageSize,
  starts: readonly number[],
  isPart: (pixel: number) => boolean,
  steps: number = Infinity,
): number[] {
  const seen = new Uint8Array(image.height * image.width);
  const found: number[] = [];
  for (const pixel of starts) {
    if (seen[pixel] === 0) found.push(pixel);
    seen[pixel] = 1;
  }
  let first = 0;
  for (let step = 0; step < steps && first < found.length; step++) {
    // The list grows while it is read.
    for (const end = found.length; first < end; first++) {
      for (const other of neighborsOf(image, found[first]!)) {
        if (seen[other] === 1 || !isPart(other)) continue;
        seen[other] = 1;
        found.push(other);
      }
    }
  }
  return found;
}

/** Returns the connected areas of all pixels that fulfill a condition. */
export function areasOf(image: ImageSize, isPart: (pixel: number) => boolean): number[][] {
  const seen = new Uint8Array(image.height * image.width);
  const areas: number[][] = [];
  for (const i of seen.keys()) {
    if (seen[i] === 1 || !isPart(i)) continue;
    const area = [i];
    seen[i] = 1;
    for (const pixel of area) {
      for (const other of neighborsOf(image, pixel)) {
        if (seen[other] === 1 || !isPart(other)) continue;
        seen[other] = 1;
        area.push(other);
      }
    }
    areas.push(area);
  }
  return areas;
}

/** Returns the pixels at the border of an image. */
export function borderPixels({ height, width }: ImageSize): number[] {
  return Array.from({ length: height * width }, (_, i) => i).filter((i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    return x === 0 || y === 0 || x === width - 1 || y === height - 1;
  });
}

/**
 * Returns pixels of the square around a pixel, inside of the image.
 *
 * @param radius Distance of the farthest rows and columns.
 * @param stride Distance of two rows or columns; the radius is a multiple of it. Default: 1, which
 * means all pixels.
 */
export function squareAround(
  { height, width }: ImageSize,
  pixel: number,
  radius: number,
  stride: number = 1,
): number[] {
  const [x, y] = [pixel % width, Math.floor(pixel / width)];
  const pixels: number[] = [];
  for (let row = y - radius; row <= y + radius; row += stride) {
    if (row < 0 || row >= height) continue;
    for (let column = x - radius; column <= x + radius; column += stride) {
      if (column >= 0 && column < width) pixels.push(row * width + column);
    }
  }
  return pixels;
}

/** Returns the color of a pixel. */
export function colorAt({ data }: Image, pixel: number): Rgb {
  return [data[pixel * 4]!, data[pixel * 4 + 1]!, data[pixel * 4 + 2]!];
}
