import { Image } from "./image.ts";

/**
 * Turns what networks see into an opaque picture.
 *
 * @param planes sRGB in [0, 1], red, green and blue plane one after the other.
 * @param shape [1, 3, H, W].
 * @throws {RangeError} If the shape differs from one of them.
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
