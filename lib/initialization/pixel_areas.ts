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
  const seen = new Set(starts);
  let front = [...seen];
  for (let step = 0; step < steps && front.length > 0; step++) {
    const next: number[] = [];
    for (const pixel of front) {
      for (const other of neighborsOf(image, pixel)) {
        if (seen.has(other) || !isPart(other)) continue;
        seen.add(other);
        next.push(other);
      }
    }
    front = next;
  }
  return [...seen];
}

/** Returns the connected areas of all pixels that fulfill a condition. */
export function areasOf(image: ImageSize, isPart: (pixel: number) => boolean): number[][] {
  const seen = new Uint8Array(image.height * image.width);
  const areas: number[][] = [];
  for (const i of seen.keys()) {
    if (seen[i] === 1 || !isPart(i)) continue;
    const area = flood(image, [i], isPart);
    for (const pixel of area) seen[pixel] = 1;
    areas.push(area);
  }
  return areas;
}

/** Returns the pixels beside a pixel: up to four. */
export function neighborsOf({ height, width }: ImageSize, pixel: number): number[] {
  const [x, y] = [pixel % width, Math.floor(pixel / width)];
  return [
    ...y > 0 ? [pixel - width] : [],
    ...y < height - 1 ? [pixel + width] : [],
    ...x > 0 ? [pixel - 1] : [],
    ...x < width - 1 ? [pixel + 1] : [],
  ];
}

/** Returns the pixels at the border of an image. */
export function borderPixels({ height, width }: ImageSize): number[] {
  return Array.from({ length: height * width }, (_, i) => i).filter((i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    return x === 0 || y === 0 || x === width - 1 || y === height - 1;
  });
}

/** Returns the pixels of the square around a pixel, itself included, inside of the image. */
export function squareAround(
  { height, width }: ImageSize,
  pixel: number,
  radius: number,
): number[] {
  const [x, y] = [pixel % width, Math.floor(pixel / width)];
  const pixels: number[] = [];
  for (let row = Math.max(0, y - radius); row <= Math.min(height - 1, y + radius); row++) {
    for (
      let column = Math.max(0, x - radius);
      column <= Math.min(width - 1, x + radius);
      column++
    ) {
      pixels.push(row * width + column);
    }
  }
  return pixels;
}

/** Returns the color of a pixel. */
export function colorAt({ data }: Image, pixel: number): Rgb {
  return [data[pixel * 4]!, data[pixel * 4 + 1]!, data[pixel * 4 + 2]!];
}
