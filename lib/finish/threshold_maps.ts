/** A square of thresholds that is repeated over a picture. */
export interface ThresholdMap {
  /** Length of its edge in pixels, n. */
  readonly size: number;
  /** Thresholds in (0, 1), evenly spaced, each once; shape [n, n]. */
  readonly thresholds: Float64Array;
}

/** A pattern of ordered dithering. */
export type DitherPattern = "bayer2" | "bayer4" | "bayer8" | "blue-noise";

/** The patterns of ordered dithering. */
export const DITHER_PATTERNS: readonly DitherPattern[] = [
  "bayer2",
  "bayer4",
  "bayer8",
  "blue-noise",
];

/** Edge of the blue-noise map: large enough that its repetition is not seen. */
const BLUE_NOISE_SIZE = 32;

/** Returns the thresholds of a pattern. */
export function thresholdMap(pattern: DitherPattern): ThresholdMap {
  if (pattern === "blue-noise") {
    return normalized(BLUE_NOISE_SIZE, blueNoiseRanks(BLUE_NOISE_SIZE));
  }
  const size = Number(pattern.slice("bayer".length));
  return normalized(size, bayerRanks(size));
}

function normalized(size: number, ranks: Uint32Array): ThresholdMap {
  return { size, thresholds: Float64Array.from(ranks, (rank) => (rank + 0.5) / ranks.length) };
}

/**
 * Computes the ranks of Bayer's matrix: bits of x XOR y and y, interleaved and reversed.
 *
 * Source: Bayer 1973, "An optimum method for two-level rendition of continuous-tone pictures".
 *
 * @param size A power of 2.
 */
function bayerRanks(size: number): Uint32Array {
  const bits = Math.log2(size);
  return Uint32Array.from({ length: size * size }, (_, i) => {
    const [x, y] = [i % size, Math.floor(i / size)];
    let rank = 0;
    for (let bit = 0; bit < bits; bit++) {
      rank = rank << 2 | ((x ^ y) >> bit & 1) << 1 | y >> bit & 1;
    }
    return rank;
  });
}

/** Standard deviation of the Gaussian in pixels. Source: Ulichney 1993. */
const SIGMA = 1.5;
/** Share of the pixels in the first pattern. */
const FIRST_SHARE = 0.1;

/**
 * Computes the ranks of a blue-noise map by void-and-cluster, always the same ones.
 *
 * Source: Ulichney 1993, "The void-and-cluster method for dither array generation".
 */
function blueNoiseRanks(size: number): Uint32Array {
  const count = size * size;
  const pattern = new Uint8Array(count);
  const energy = new Float64Array(count);
  const kernel = toroidalGaussian(size);
  const toggle = (pixel: number) => {
    pattern[pixel]! ^= 1;
    const sign = pattern[pixel] === 1 ? 1 : -1;
    const [x, y] = [pixel % size, Math.floor(pixel / size)];
    for (let i = 0; i < count; i++) {
      const dx = (i % size - x + size) % size;
      const dy = (Math.floor(i / size) - y + size) % size;
      energy[i]! += sign * kernel[dy * size + dx]!;
    }
  };
  const tightestCluster = () => extreme(energy, (i) => pattern[i] === 1, 1);
  const largestVoid = () => extreme(energy, (i) => pattern[i] === 0, -1);
  const ones = Math.round(count * FIRST_SHARE);
  // Any first pattern will do: steps of the golden ratio spread it.
  for (let i = 0; i < ones; i++) toggle(Math.floor(i * 0.6180339887498949 % 1 * count));
  for (let last = -1;;) {
    const cluster = tightestCluster();
    toggle(cluster);
    const gap = largestVoid();
    toggle(gap);
    if (gap === cluster || gap === last) break;
    last = cluster;
  }
  const first = pattern.slice();
  const ranks = new Uint32Array(count);
  for (let rank = ones - 1; rank >= 0; rank--) {
    const cluster = tightestCluster();
    toggle(cluster);
    ranks[cluster] = rank;
  }
  for (const [i, bit] of first.entries()) if (bit === 1) toggle(i);
  for (let rank = ones; rank < count; rank++) {
    const gap = largestVoid();
    toggle(gap);
    ranks[gap] = rank;
  }
  return ranks;
}

function toroidalGaussian(size: number): Float64Array {
  const axis = Array.from({ length: size }, (_, i) => Math.min(i, size - i));
  return Float64Array.from(
    { length: size * size },
    (_, i) =>
      Math.exp(-(axis[i % size]! ** 2 + axis[Math.floor(i / size)]! ** 2) / (2 * SIGMA ** 2)),
  );
}

/** Finds the pixel of the highest (sign 1) or lowest (sign -1) energy, the first on ties. */
function extreme(energy: Float64Array, isWanted: (pixel: number) => boolean, sign: 1 | -1): number {
  let best = -1;
  for (let i = 0; i < energy.length; i++) {
    if (!isWanted(i)) continue;
    if (best < 0 || sign * energy[i]! > sign * energy[best]! + 1e-12) best = i;
  }
  return best;
}
