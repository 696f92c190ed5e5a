import type { Image } from "./image.ts";

/**
 * Compares the edges of two images of one size: the Pearson correlation of the magnitudes of their
 * Sobel gradients over the three channels.
 *
 * @param weights Weight of each pixel, above 0, shape [H, W]. Default: all are 1.
 * @returns In [-1, 1]; 0 if the gradient of one of them is constant.
 */
export function edgeCorrelation(a: Image, b: Image, weights?: Float64Array): number {
  const own = weights ?? new Float64Array(a.height * a.width).fill(1);
  return correlation(gradientStrength(a), gradientStrength(b), own);
}

/** Norm of the Sobel gradient over the three channels, shape [H, W]; borders are repeated. */
function gradientStrength(image: Image): Float64Array {
  const { height, width } = image;
  const values = image.toFloats();
  const at = (y: number, x: number, c: number) => {
    const row = Math.min(height - 1, Math.max(0, y));
    const column = Math.min(width - 1, Math.max(0, x));
    return values[(row * width + column) * 3 + c]!;
  };
  return Float64Array.from({ length: height * width }, (_, i) => {
    const [y, x] = [Math.floor(i / width), i % width];
    let sum = 0;
    for (let c = 0; c < 3; c++) {
      const across = (row: number) => at(row, x + 1, c) - at(row, x - 1, c);
      const down = (column: number) => at(y + 1, column, c) - at(y - 1, column, c);
      sum += (across(y - 1) + 2 * across(y) + across(y + 1)) ** 2;
      sum += (down(x - 1) + 2 * down(x) + down(x + 1)) ** 2;
    }
    return Math.sqrt(sum);
  });
}

function correlation(a: Float64Array, b: Float64Array, weights: Float64Array): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const mean = (values: Float64Array) =>
    values.reduce((sum, value, i) => sum + weights[i]! * value, 0) / total;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [product, squaresA, squaresB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    product += weights[i]! * (a[i]! - meanA) * (b[i]! - meanB);
    squaresA += weights[i]! * (a[i]! - meanA) ** 2;
    squaresB += weights[i]! * (b[i]! - meanB) ** 2;
  }
  const norm = Math.sqrt(squaresA * squaresB);
  return norm === 0 ? 0 : product / norm;
}
