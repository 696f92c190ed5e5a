import { laplacianWeights } from "../../../kernels/loss/laplacian_weights.ts";
import type { Image, ImageSize } from "../../image/image.ts";
import { viridisImage } from "./viridis.ts";

/**
 * Draws the entropy of the colors of each pixel: dark violet where one color is certain, yellow
 * where all are equally probable.
 *
 * @param entropy Entropy in nats, shape [H, W].
 * @param count Number of classes K. The entropy is drawn as a share of log K; 0 for a single class.
 */
export function entropyMap(size: ImageSize, entropy: ArrayLike<number>, count: number): Image {
  const max = count > 1 ? Math.log(count) : Infinity;
  return viridisImage(size, Float32Array.from(entropy, (value) => value / max));
}

/**
 * Draws the response of the Laplacian loss: the mean magnitude of the three channels, dark violet
 * for 0, yellow for the maximum of the picture.
 *
 * @param values sRGB in [0, 1], shape [H, W, 3].
 * @param options.kernelSize Kernel size in pixels, odd, less than twice the shorter dimension.
 * @param options.sigma Standard deviation of the Gaussian in pixels, above 0.
 */
export function laplacianMap(
  size: ImageSize,
  values: ArrayLike<number>,
  { kernelSize, sigma }: { readonly kernelSize: number; readonly sigma: number },
): Image {
  const { height, width } = size;
  const weights = laplacianWeights(kernelSize, sigma);
  const radius = (kernelSize - 1) / 2;
  const laplacianAt = (y: number, x: number, channel: number) => {
    let sum = 0;
    for (let k = 0; k < weights.length; k++) {
      const row = mirror(y + Math.floor(k / kernelSize) - radius, height);
      const column = mirror(x + k % kernelSize - radius, width);
      sum += weights[k]! * values[(row * width + column) * 3 + channel]!;
    }
    return sum;
  };
  const means = Float32Array.from({ length: height * width }, (_, i) => {
    const [y, x] = [Math.floor(i / width), i % width];
    return [0, 1, 2].reduce((sum, c) => sum + Math.abs(laplacianAt(y, x, c)) / 3, 0);
  });
  const max = means.reduce((max, value) => value > max ? value : max, 0);
  // Rounding leaves a small rest in a flat picture.
  return viridisImage(size, means.map((value) => max > 1e-6 ? value / max : 0));
}

/** Mirrors a position at both edges, without repeating the edge itself. */
function mirror(position: number, length: number): number {
  const last = length - 1;
  return last - Math.abs(last - Math.abs(position));
}

/**
 * Draws the norm of the gradient at each latent: dark violet for 0, yellow for the maximum.
 *
 * SD-piXL decodes the gradient to an image instead, which shows colors and shapes, but no
 * magnitudes.
 *
 * @param gradLatents Gradient with respect to the latents.
 * @param shape [1, C, h, w].
 * @returns Image of h x w pixels.
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
  const norms = Float32Array.from({ length: area }, (_, i) => {
    let sum = 0;
    for (let c = 0; c < channels!; c++) sum += gradLatents[c * area + i]! ** 2;
    return Math.sqrt(sum);
  });
  const max = norms.reduce((max, norm) => norm > max ? norm : max, 0);
  return viridisImage(size, norms.map((norm) => max > 0 ? norm / max : 0));
}
