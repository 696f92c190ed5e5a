import type { Image } from "../../image/image.ts";
import { viridisImage } from "./viridis.ts";

/**
 * Draws where a gradient pulls at the latents: the length of its channels at each place, dark
 * violet for none, yellow for the greatest of the picture.
 *
 * SD-piXL decodes the gradient to a picture instead, which shows the colors and shapes that it pulls
 * at, but not how strongly.
 *
 * @param gradLatents Gradient with respect to the latents.
 * @param shape [1, C, h, w].
 * @returns Picture of h x w pixels.
 */
export function latentGradientMap(
  gradLatents: ArrayLike<number>,
  shape: readonly number[],
): Image {
  const [count, channels, height, width] = shape;
  const size = { height: height ?? 0, width: width ?? 0 };
  const area = size.height * size.width;
  if (shape.length !== 4 || count !== 1 || gradLatents.length !== channels! * area) {
    throw new RangeError(
      `Cannot draw gradient: expected shape [1, C, h, w], got [${shape.join(", ")}] ` +
        `and ${gradLatents.length} values`,
    );
  }
  const lengths = Float32Array.from({ length: area }, (_, i) => {
    let sum = 0;
    for (let c = 0; c < channels!; c++) sum += gradLatents[c * area + i]! ** 2;
    return Math.sqrt(sum);
  });
  const greatest = lengths.reduce((most, length) => length > most ? length : most, 0);
  return viridisImage(size, lengths.map((length) => greatest > 0 ? length / greatest : 0));
}
