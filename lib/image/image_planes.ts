import { Image } from "./image.ts";

/**
 * Makes an opaque image of the planes that networks work with.
 *
 * @param planes sRGB in [0, 1], shape [1, 3, H, W].
 * @throws {RangeError} If the shape differs.
 */
export function imageFromPlanes(planes: ArrayLike<number>, shape: readonly number[]): Image {
  const [count, channels, height = 0, width = 0] = shape;
  if (shape.length !== 4 || count !== 1 || channels !== 3) {
    throw new RangeError(
      `Cannot turn planes into an image: expected shape [1, 3, H, W], got [${shape.join(", ")}]`,
    );
  }
  const area = height * width;
  const values = Float32Array.from(
    planes,
    (_, i) => planes[(i % 3) * area + Math.floor(i / 3)]!,
  );
  return Image.fromFloats({ height, width }, values);
}

/** Returns the colors of an image as planes: sRGB in [0, 1], shape [3, H, W]; alpha is ignored. */
export function planesFromImage(image: Image): Float32Array {
  const values = image.toFloats();
  const area = image.height * image.width;
  return values.map((_, i) => values[(i % area) * 3 + Math.floor(i / area)]!);
}
