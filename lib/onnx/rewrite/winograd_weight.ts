import { shapeSize } from "../../../kernels/gpu/shape_size.ts";
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
    const values = new Float32Array(shapeSize(this.shape));
    this.#transform(values);
    const end = count === undefined ? values.length : start + count;
    const bytes = new Uint8Array(values.buffer, 4 * start, 4 * (end - start));
    return convertFloats(bytes, "F32", type);
  }

  /** Writes the whole transformed weight. New memory for it would take longer than the work. */
  readInto(bytes: Uint8Array<ArrayBuffer>): void {
    this.#transform(new Float32Array(bytes.buffer, bytes.byteOffset, shapeSize(this.shape)));
  }

  #transform(result: Float32Array): void {
    const [, inputs, outputs] = this.shape as [number, number, number];
    const plane = inputs * outputs;
    const columns = new Float64Array(3 * TILE_INPUT);
    const block = new Float32Array(TILE_INPUT * TILE_INPUT * BLOCK_OUTPUTS);
    for (let first = 0; first < outputs; first += BLOCK_OUTPUTS) {
      const count = Math.min(BLOCK_OUTPUTS, outputs - first);
      const size = 9 * inputs;
      const weight = floatView(this.#entry.read("float32", size * first, size * count));
      for (let c = 0; c < inputs; c++) {
        for (let o = 0; o < count; o++) {
          transformKernel(weight, size * o + 9 * c, columns, block, o);
        }
        let target = c * outputs + first;
        for (let k = 0; k < TILE_INPUT * TILE_INPUT; k++, target += plane) {
          const source = k * BLOCK_OUTPUTS;
          for (let o = 0; o < count; o++) result[target + o] = block[source + o]!;
        }
      }
    }
  }
}

/**
 * Transforms one kernel, 3x3 values from `base`, to 6x6 values, which are written to `block` at
 * `output`, a block of outputs apart: first its columns, then the rows of these.
 *
 * Written out, because it runs some hundred thousand times: calls cost half of the time.
 *
 * Source: see {@linkcode INPUT_TRANSFORM}.
 */
function transformKernel(
  weight: Float32Array,
  base: number,
  columns: Float64Array,
  block: Float32Array,
  output: number,
): void {
  for (let x = 0; x < 3; x++) {
    const [a, b, c] = [weight[base + x]!, weight[base + x + 3]!, weight[base + x + 6]!];
    const [even, odd] = [(a + c) * (1 / 6), b * (1 / 6)];
    const [evenDoubled, oddDoubled] = [(a + 4 * c) * (1 / 24), b * (1 / 12)];
    columns[x] = a * 0.25;
    columns[x + 3] = -even - odd;
    columns[x + 6] = odd - even;
    columns[x + 9] = evenDoubled + oddDoubled;
    columns[x + 12] = evenDoubled - oddDoubled;
    columns[x + 15] = c;
  }
  for (let k = 0; k < TILE_INPUT; k++) {
    const [a, b, c] = [columns[3 * k]!, columns[3 * k + 1]!, columns[3 * k + 2]!];
    const [even, odd] = [(a + c) * (1 / 6), b * (1 / 6)];
    const [evenDoubled, oddDoubled] = [(a + 4 * c) * (1 / 24), b * (1 / 12)];
    const at = BLOCK_OUTPUTS * TILE_INPUT * k + output;
    block[at] = a * 0.25;
    block[at + BLOCK_OUTPUTS] = -even - odd;
    block[at + 2 * BLOCK_OUTPUTS] = odd - even;
    block[at + 3 * BLOCK_OUTPUTS] = evenDoubled + oddDoubled;
    block[at + 4 * BLOCK_OUTPUTS] = evenDoubled - oddDoubled;
    block[at + 5 * BLOCK_OUTPUTS] = c;
  }
}
