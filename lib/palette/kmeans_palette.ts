import { type Seed, seedWords } from "../../kernels/random/philox.ts";
import type { Image } from "../image/image.ts";
import { nearestColor } from "./nearest_color.ts";
import { fromOklab, toOklab } from "./oklab.ts";
import { Palette } from "./palette.ts";

/** Options of {@linkcode kmeansPalette}. */
export interface KmeansOptions {
  /** Any integer; the same seed gives the same palette. Default: 0. */
  readonly seed?: Seed;
  /** Name of the new palette. Default: "kmeans-<colors>". */
  readonly name?: string;
  /** Color space in which distances are measured. Default: "srgb". */
  readonly space?: "srgb" | "oklab";
  /** Weight of each pixel, above 0, shape [H, W]. Default: all are 1. */
  readonly weights?: Float64Array;
}

/** Number of random starts, of which the best wins. */
const STARTS = 4;
/** Maximum number of iterations per start; images converge after 10 to 50. */
const MAX_ROUNDS = 100;

/** Above this number of distinct colors, cells of 8 x 8 x 8 values are averaged first. */
const MAX_COLORS = 2 ** 15;

/** The distinct colors of an image and their counts. */
interface Histogram {
  /** 8-bit sRGB, or OKLab, shape [U, 3]. */
  readonly colors: Float64Array;
  /** Number of pixels, or the sum of their weights, shape [U]. */
  readonly counts: Float64Array;
}

/**
 * Quantizes an image to a palette: k-means over its pixels in sRGB or OKLab.
 *
 * Fully transparent pixels are ignored. If the image has fewer colors, so has the palette.
 *
 * Source: Lloyd 1982; initialization by Arthur & Vassilvitskii 2007, "k-means++".
 *
 * @param count Number of colors wanted, integer, 1 or more.
 * @returns The palette from dark to light, without duplicates.
 */
export function kmeansPalette(image: Image, count: number, options: KmeansOptions = {}): Palette {
  if (!Number.isInteger(count) || count < 1) {
    throw new RangeError(`Cannot pick colors: expected a count of 1 or more, got ${count}`);
  }
  const { seed = 0, name = `kmeans-${count}`, space = "srgb", weights } = options;
  const counted = countColors(image, weights);
  const histogram = space === "srgb" ? counted : { ...counted, colors: toOklabs(counted.colors) };
  let best = histogram.colors;
  if (histogram.counts.length > count) {
    let bestError = Infinity;
    for (let start = 0; start < STARTS; start++) {
      const { centers, error } = cluster(
        histogram,
        count,
        uniforms(foldSeed(seed) * STARTS + start),
      );
      if (error >= bestError) continue;
      best = centers;
      bestError = error;
    }
  }
  return new Palette(name, sortedBytes(space === "srgb" ? best : fromOklabs(best)));
}

function toOklabs(colors: Float64Array): Float64Array {
  return mapTriples(colors, toOklab);
}

function fromOklabs(colors: Float64Array): Float64Array {
  return mapTriples(colors, fromOklab);
}

function mapTriples(
  colors: Float64Array,
  map: (color: readonly [number, number, number]) => readonly number[],
): Float64Array {
  const mapped = new Float64Array(colors.length);
  for (let i = 0; i < colors.length; i += 3) {
    mapped.set(map([colors[i]!, colors[i + 1]!, colors[i + 2]!]), i);
  }
  return mapped;
}

function countColors(image: Image, weights: Float64Array | undefined): Histogram {
  const counts = new Map<number, number>();
  for (let i = 0; i < image.data.length; i += 4) {
    if (image.data[i + 3] === 0) continue;
    const key = (image.data[i]! << 16) | (image.data[i + 1]! << 8) | image.data[i + 2]!;
    counts.set(key, (counts.get(key) ?? 0) + (weights?.[i / 4] ?? 1));
  }
  if (counts.size === 0) {
    throw new RangeError("Cannot pick colors: the image is fully transparent");
  }
  // By cell: sums of red, green and blue, weighted by count, and the count.
  const cells = new Map<number, [number, number, number, number]>();
  const mask = counts.size > MAX_COLORS ? 0xf8f8f8 : 0xffffff;
  for (const [key, count] of [...counts].sort(([a], [b]) => a - b)) {
    const cell = cells.get(key & mask) ?? [0, 0, 0, 0];
    const [red, green, blue] = [key >> 16, (key >> 8) & 255, key & 255];
    cells.set(key & mask, [
      cell[0] + red * count,
      cell[1] + green * count,
      cell[2] + blue * count,
      cell[3] + count,
    ]);
  }
  const all = [...cells.values()];
  return {
    colors: Float64Array.from(all.flatMap(([r, g, b, count]) => [r / count, g / count, b / count])),
    counts: Float64Array.from(all, (cell) => cell[3]),
  };
}

function cluster(
  { colors, counts }: Histogram,
  count: number,
  random: () => number,
): { centers: Float64Array; error: number } {
  const centers = startCenters({ colors, counts }, count, random);
  const owners = new Int32Array(counts.length).fill(-1);
  let error = Infinity;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    let hasMoved = false;
    error = 0;
    const sums = new Float64Array(count * 4);
    for (let i = 0; i < counts.length; i++) {
      const color = [colors[i * 3]!, colors[i * 3 + 1]!, colors[i * 3 + 2]!];
      const owner = nearestColor(color, centers);
      hasMoved ||= owner !== owners[i];
      owners[i] = owner;
      error += counts[i]! * squaredDistance(colors, i, centers, owner);
      for (let c = 0; c < 3; c++) sums[owner * 4 + c]! += counts[i]! * color[c]!;
      sums[owner * 4 + 3]! += counts[i]!;
    }
    if (!hasMoved) break;
    for (let k = 0; k < count; k++) {
      const total = sums[k * 4 + 3]!;
      if (total === 0) continue; // an empty cluster keeps its center
      for (let c = 0; c < 3; c++) centers[k * 3 + c] = sums[k * 4 + c]! / total;
    }
  }
  return { centers, error };
}

/** Draws the first centers, with probability proportional to the squared distance (k-means++). */
function startCenters(
  { colors, counts }: Histogram,
  count: number,
  random: () => number,
): Float64Array {
  const centers = new Float64Array(count * 3);
  const weights = Float64Array.from(counts);
  const nearest = new Float64Array(counts.length).fill(Infinity);
  for (let k = 0; k < count; k++) {
    const picked = draw(weights, random());
    centers.set(colors.subarray(picked * 3, picked * 3 + 3), k * 3);
    for (let i = 0; i < counts.length; i++) {
      nearest[i] = Math.min(nearest[i]!, squaredDistance(colors, i, centers, k));
      weights[i] = counts[i]! * nearest[i]!;
    }
  }
  return centers;
}

function draw(weights: Float64Array, uniform: number): number {
  let rest = uniform * weights.reduce((sum, weight) => sum + weight, 0);
  for (let i = 0; i < weights.length; i++) {
    rest -= weights[i]!;
    if (rest < 0 && weights[i]! > 0) return i;
  }
  return weights.findLastIndex((weight) => weight > 0);
}

function squaredDistance(a: Float64Array, i: number, b: Float64Array, j: number): number {
  let sum = 0;
  for (let c = 0; c < 3; c++) sum += (a[i * 3 + c]! - b[j * 3 + c]!) ** 2;
  return sum;
}

/** Rounds colors to 8 bits, removes duplicates and sorts by luma (Rec. 601). */
function sortedBytes(colors: Float64Array): Uint8Array {
  const rounded = new Set<number>();
  for (let i = 0; i < colors.length; i += 3) {
    const [red, green, blue] = colors.subarray(i, i + 3).map(Math.round);
    rounded.add((red! << 16) | (green! << 8) | blue!);
  }
  const luma = (key: number) =>
    0.299 * (key >> 16) + 0.587 * ((key >> 8) & 255) + 0.114 * (key & 255);
  const sorted = [...rounded].sort((a, b) => luma(a) - luma(b) || a - b);
  return Uint8Array.from(sorted.flatMap((key) => [key >> 16, (key >> 8) & 255, key & 255]));
}

/** Seeds below 2^32 stay; of larger ones the words are mixed. */
function foldSeed(seed: Seed): number {
  if (typeof seed === "number" && Math.abs(seed) < 2 ** 32) return seed;
  const [low, high] = seedWords(seed);
  return (low ^ Math.imul(high, 0x9e3779b9)) >>> 0;
}

/** Counter-based uniforms in [0, 1): draw i is a hash of the seed and i (splitmix32). */
function uniforms(seed: number): () => number {
  let counter = Math.imul(seed, 0x9e3779b9) | 0;
  return () => {
    counter = (counter + 0x9e3779b9) | 0;
    let bits = counter ^ (counter >>> 16);
    bits = Math.imul(bits, 0x21f0aaad);
    bits ^= bits >>> 15;
    bits = Math.imul(bits, 0x735a2d97);
    bits ^= bits >>> 15;
    return (bits >>> 0) / 2 ** 32;
  };
}
