import { laplacianWeights } from "../../../kernels/loss/laplacian_weights.ts";
import type { Image, ImageSize } from "../../image/image.ts";
import { viridisImage } from "./viridis.ts";

/**
 * Draws how much pixels differ from those around them, as the Laplacian loss sees it: the mean
 * magnitude of the three channels, dark violet for none, yellow for the greatest of the picture.
 *
 * @param values sRGB in [0, 1], shape [H, W, 3].
 * @param options.kernelSize Size of the kernel in pixels, odd, at most 2 min(height, width) - 1.
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
  const greatest = means.reduce((most, value) => value > most ? value : most, 0);
  // Rounding leaves a little of a flat picture.
  return viridisImage(size, means.map((value) => greatest > 1e-6 ? value / greatest : 0));
}

/** Mirrors a position at both edges, without repeating the edge itself. */
function mirror(position: number, length: number): number {
  const last = length - 1;
  return last - Math.abs(last - Math.abs(position));
}
