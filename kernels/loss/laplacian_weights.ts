/**
 * Weights of a Laplacian: a Gaussian that sums to 1 without its middle, and -1 in the middle.
 *
 * Source: SD-piXL's `utils/loss_regularizer.py`, function laplacian_kernel.
 *
 * @param kernelSize Size of the kernel, odd, in pixels.
 * @param sigma Standard deviation of the Gaussian, in pixels.
 * @returns Shape [kernelSize, kernelSize].
 */
export function laplacianWeights(kernelSize: number, sigma: number): Float32Array<ArrayBuffer> {
  const radius = (kernelSize - 1) / 2;
  const middle = radius * kernelSize + radius;
  const gaussian = Float64Array.from({ length: kernelSize * kernelSize }, (_, k) => {
    if (k === middle) return 0;
    const squared = (Math.floor(k / kernelSize) - radius) ** 2 + (k % kernelSize - radius) ** 2;
    // Relative to the nearest weight, so that those of a narrow Gaussian do not all become 0.
    return Math.exp((1 - squared) / (2 * sigma ** 2));
  });
  const sum = gaussian.reduce((a, b) => a + b);
  return Float32Array.from(gaussian, (value, k) => k === middle ? -1 : value / sum);
}
