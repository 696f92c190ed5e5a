import { floatView } from "../../weights/float_view.ts";
import { convertFloats, type FloatType } from "../../weights/float16.ts";
import type { WeightEntry } from "../../weights/weight_source.ts";

/** Height and width of the output of a tile in pixels. */
export const TILE_OUTPUT = 4;
/** Height and width of the input of a tile in pixels, and of its transform. */
export const TILE_INPUT = 6;

/** Output channels that are transformed together, so that the data stays in the CPU cache. */
const BLOCK_OUTPUTS = 16;

/**
 * Input transform: six pixels to six values.
 *
 * Source: Lavin & Gray 2015, "Fast Algorithms for Convolutional Neural Networks", F(4x4, 3x3),
 * https://arxiv.org/abs/1509.09308.
 */
export const INPUT_TRANSFORM: readonly (readonly number[])[] = [
  [4, 0, -5, 0, 1, 0],
  [0, -4, -4, 1, 1, 0],
  [0, 4, -4, -1, 1, 0],
  [0, -2, -1, 2, 1, 0],
  [0, 2, -1, -2, 1, 0],
  [0, 4, 0, -5, 0, 1],
];

/** Output transform: six values to four pixels. Source: see {@linkcode INPUT_TRANSFORM}. */
export const OUTPUT_TRANSFORM: readonly (readonly number[])[] = [
  [1, 1, 1, 1, 1, 0],
  [0, 1, -1, 2, -2, 0],
  [0, 1, 1, 4, 4, 0],
  [0, 1, -1, 8, -8, 1],
];

/**
 * Weight [O, C, 3, 3] of a convolution, transformed for Winograd's algorithm: [36, C, O]. It is
 * transformed while it is read.
 *
 * Source: see {@linkcode INPUT_TRANSFORM}.
 */
export class WinogradWeight implements WeightEntry {
  /** Key of the weight with the suffix ".winograd". */
  readonly key: string;
  /** Shape [36, C, O]. */
  readonly shape: readonly number[];
  /** Type of the stored weight. */
  readonly dtype: WeightEntry["dtype"];
  readonly #entry: WeightEntry;

  /** Wraps a weight [O, C, 3, 3], which is not read yet. */
  constructor(entry: WeightEntry) {
    const [outputs, inputs] = entry.shape as [number, number, number, number];
    this.key = `${entry.key}.winograd`;
    this.shape = [TILE_INPUT * TILE_INPUT, inputs, outputs];
    this.dtype = entry.dtype;
    this.#entry = entry;
  }

  /** Reads a range of the transformed weight. Each call reads the whole original. */
  read(type: FloatType, start = 0, count?: number): Uint8Array<ArrayBuffer> {
    const values = this.#transform();
    const end = count === undefined ? values.length : start + count;
    const bytes = new Uint8Array(values.buffer, 4 * start, 4 * (end - start));
    return convertFloats(bytes, "F32", type);
  }

  #transform(): Float32Array<ArrayBuffer> {
    const [, inputs, outputs] = this.shape as [number, number, number];
    const weight = floatView(this.#entry.read("float32"));
    const plane = inputs * outputs;
    const result = new Float32Array(TILE_INPUT * TILE_INPUT * plane);
    const columns = new Float64Array(3 * TILE_INPUT);
    const block = new Float64Array(TILE_INPUT * TILE_INPUT * BLOCK_OUTPUTS);
    for (let first = 0; first < outputs; first += BLOCK_OUTPUTS) {
      const count = Math.min(BLOCK_OUTPUTS, outputs - first);
      for (let c = 0; c < inputs; c++) {
        for (let o = 0; o < count; o++) {
          const base = 9 * ((first + o) * inputs + c);
          for (let x = 0; x < 3; x++) {
            const i = base + x;
            transformThree(weight[i]!, weight[i + 3]!, weight[i + 6]!, columns, x, 3);
          }
          for (let k = 0; k < TILE_INPUT; k++) {
            const [i, start] = [3 * k, BLOCK_OUTPUTS * TILE_INPUT * k + o];
            transformThree(
              columns[i]!,
              columns[i + 1]!,
              columns[i + 2]!,
              block,
              start,
              BLOCK_OUTPUTS,
            );
          }
        }
        for (let k = 0; k < TILE_INPUT * TILE_INPUT; k++) {
          const target = k * plane + c * outputs + first;
          const source = k * BLOCK_OUTPUTS;
          for (let o = 0; o < count; o++) result[target + o] = block[source + o]!;
        }
      }
    }
    return result;
  }
}

/**
 * Weight transform: three values to six, which are written at `start`, `start + step`, ...
 *
 * Source: see {@linkcode INPUT_TRANSFORM}.
 */
function transformThree(
  a: number,
  b: number,
  c: number,
  target: Float64Array,
  start: number,
  step: number,
): void {
  const even = (a + c) * (1 / 6);
  const odd = b * (1 / 6);
  const evenDoubled = (a + 4 * c) * (1 / 24);
  const oddDoubled = b * (1 / 12);
  target[start] = a * 0.25;
  target[start + step] = -even - odd;
  target[start + 2 * step] = odd - even;
  target[start + 3 * step] = evenDoubled + oddDoubled;
  target[start + 4 * step] = evenDoubled - oddDoubled;
  target[start + 5 * step] = c;
}
