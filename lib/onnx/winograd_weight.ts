import { bytesPerFloat, type FloatType } from "../weights/float16.ts";
import type { WeightEntry } from "../weights/state_dict.ts";

/** Side of the output of a tile, in pixels. */
export const TILE_OUTPUT = 4;
/** Side of the input of a tile, in pixels, and of its transform. */
export const TILE_INPUT = 6;

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

/** Output transform: six values to four pixels. Source: as of {@linkcode INPUT_TRANSFORM}. */
export const OUTPUT_TRANSFORM: readonly (readonly number[])[] = [
  [1, 1, 1, 1, 1, 0],
  [0, 1, -1, 2, -2, 0],
  [0, 1, 1, 4, 4, 0],
  [0, 1, -1, 8, -8, 1],
];

/**
 * The weight [O, C, 3, 3] of a convolution, transformed for Winograd's algorithm: [36, C, O].
 *
 * Source: as of {@linkcode INPUT_TRANSFORM}.
 */
export class WinogradWeight implements WeightEntry {
  /** Key of the weight, with an ending. */
  readonly key: string;
  /** Shape of the transformed weight. */
  readonly shape: readonly number[];
  /** Type of the stored weight. */
  readonly dtype: WeightEntry["dtype"];
  readonly #entry: WeightEntry;

  /** Shows a weight transformed; it is read when this is. */
  constructor(entry: WeightEntry) {
    const [outputs, inputs] = entry.shape as [number, number, number, number];
    this.key = `${entry.key}.winograd`;
    this.shape = [TILE_INPUT * TILE_INPUT, inputs, outputs];
    this.dtype = entry.dtype;
    this.#entry = entry;
  }

  /** Reads transformed values; each call reads the whole weight. */
  read(type: FloatType, start = 0, count?: number): Uint8Array<ArrayBuffer> {
    const transformed = this.#transform();
    const values = type === "float32" ? transformed : new Float16Array(transformed);
    const size = bytesPerFloat(type);
    const end = count === undefined ? values.length : start + count;
    return new Uint8Array(values.buffer, start * size, (end - start) * size);
  }

  #transform(): Float32Array<ArrayBuffer> {
    const [, inputs, outputs] = this.shape as [number, number, number];
    const bytes = this.#entry.read("float32");
    const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
    const weight = new Float32Array(aligned.buffer, aligned.byteOffset, 9 * inputs * outputs);
    const plane = inputs * outputs;
    const result = new Float32Array(TILE_INPUT * TILE_INPUT * plane);
    const columns = new Float64Array(3 * TILE_INPUT);
    const values = new Float64Array(TILE_INPUT * TILE_INPUT);
    for (let c = 0; c < inputs; c++) {
      for (let o = 0; o < outputs; o++) {
        const base = 9 * (o * inputs + c);
        for (let x = 0; x < 3; x++) {
          const [a, b, d] = [weight[base + x]!, weight[base + 3 + x]!, weight[base + 6 + x]!];
          transformThree(a, b, d, columns, x, 3);
        }
        for (let k = 0; k < TILE_INPUT; k++) {
          const [a, b, d] = [columns[3 * k]!, columns[3 * k + 1]!, columns[3 * k + 2]!];
          transformThree(a, b, d, values, TILE_INPUT * k, 1);
        }
        const target = c * outputs + o;
        for (let k = 0; k < values.length; k++) result[k * plane + target] = values[k]!;
      }
    }
    return result;
  }
}

/** Weight transform: three values to six. Source: as of {@linkcode INPUT_TRANSFORM}. */
function transformThree(
  a: number,
  b: number,
  c: number,
  target: Float64Array,
  start: number,
  step: number,
): void {
  target[start] = a / 4;
  target[start + step] = -(a + b + c) / 6;
  target[start + 2 * step] = -(a - b + c) / 6;
  target[start + 3 * step] = (a + 2 * b + 4 * c) / 24;
  target[start + 4 * step] = (a - 2 * b + 4 * c) / 24;
  target[start + 5 * step] = c;
}
