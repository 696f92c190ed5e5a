/**
 * Computes the weights of the frequencies of a real image: the loss is the sum of weight · |F|.
 *
 * The loss is the mean of |F| over the high frequencies. Their distance from the middle of the
 * spectrum is at least min(H, W) / (4 √2). As in SD-piXL, the middle is (W/2, H/2) after
 * `fftshift`.
 * For an odd size that is half a step beside the mean frequency, so a frequency may count where its
 * conjugate does not. A real image has the same |F| at both. So the frequencies above W/2 are
 * omitted, and their weights are added to those of their conjugates.
 *
 * Source: SD-piXL's `utils/loss_regularizer.py`, class FFT_Loss.
 *
 * @param height Rows of the image.
 * @param width Columns of the image.
 * @returns Shape [H, ⌊W/2⌋ + 1].
 */
export function fftWeights(height: number, width: number): Float32Array<ArrayBuffer> {
  const frequencies = Math.floor(width / 2) + 1;
  const counts = new Float64Array(height * frequencies);
  const radius = Math.min(height, width) / (4 * Math.SQRT2);
  let high = 0;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      if (Math.hypot(row - height / 2, column - width / 2) < radius) continue;
      high++;
      const y = unshift(row, height);
      const x = unshift(column, width);
      counts[
        x < frequencies ? y * frequencies + x : conjugate(y, height) * frequencies + width - x
      ]!++;
    }
  }
  // A mean over frequencies and three channels. SD-piXL adds the term to avoid a division by 0.
  return Float32Array.from(counts, (count) => count / (3 * high + 1e-8));
}

/** Returns the frequency at an index of a shifted spectrum. */
function unshift(index: number, size: number): number {
  return (index + size - Math.floor(size / 2)) % size;
}

function conjugate(frequency: number, size: number): number {
  return (size - frequency) % size;
}
