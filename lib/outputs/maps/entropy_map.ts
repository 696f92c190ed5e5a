import type { Image, ImageSize } from "../../image/image.ts";
import { viridisImage } from "./viridis.ts";

/**
 * Draws how undecided each pixel is: dark violet where one color is certain, yellow where all are
 * equally likely.
 *
 * @param entropy Entropy of each pixel in nats, shape [H, W].
 * @param count Number of classes K; the entropy is drawn as a share of log K. A single class is
 * always decided.
 */
export function entropyMap(size: ImageSize, entropy: ArrayLike<number>, count: number): Image {
  const greatest = count > 1 ? Math.log(count) : Infinity;
  return viridisImage(size, Float32Array.from(entropy, (value) => value / greatest));
}
