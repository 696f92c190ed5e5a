/**
 * Weights of a Laplacian: a Gaussian without its middle that sums up to 1, and -1 in the middle.
 *
 * Source: SD-piXL's `utils/loss_regularizer.py`, function laplacian_kernel.
 *
 * @param side Side of the square, odd, in pixels.
 * @param sigma Standard deviation of the Gaussian, in pixels.
 * @returns Shape [side, side].
 */
export function laplacianWeights(side: number, sigma: number): Float32Array<ArrayBuffer> {
  const radius = (side - 1) / 2;
  const middle = radius * side + radius;
  const gaussian = Float64Array.from({ length: side * side }, (_, k) => {
    if (k === middle) return 0;
    const squared = (Math.floor(k / side) - radius) ** 2 + (k % side - radius) ** 2;
    // The factor that makes the nearest weight 1 is the same for all, and keeps a narrow one above 0.
    return Math.exp((1 - squared) / (2 * sigma ** 2));
  });
  const sum = gaussian.reduce((a, b) => a + b);
  return Float32Array.from(gaussian, (value, k) => k === middle ? -1 : value / sum);
}
