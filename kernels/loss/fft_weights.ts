/**
 * Weights of the frequencies of a real picture, so that the loss is the sum of weight · |F|.
 *
 * The loss is the mean of |F| over the high frequencies, those that lie at least
 * min(H, W) / (4 √2) from the middle of the spectrum. As SD-piXL has it, the middle is (W/2, H/2)
 * after `fftshift`: for odd sides that is half a step beside the mean, so a frequency and its
 * conjugate may differ. A real picture has the same |F| at both, so the frequencies above W/2 are
 * left out, and the weight of each stands at its conjugate.
 *
 * Source: SD-piXL's `utils/loss_regularizer.py`, class FFT_Loss.
 *
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
  // A mean over pixels and three channels; the term keeps SD-piXL's quotient defined.
  return Float32Array.from(counts, (count) => count / (3 * high + 1e-8));
}

/** Frequency at an index of a shifted spectrum. */
function unshift(index: number, size: number): number {
  return (index + size - Math.floor(size / 2)) % size;
}

function conjugate(frequency: number, size: number): number {
  return (size - frequency) % size;
}
