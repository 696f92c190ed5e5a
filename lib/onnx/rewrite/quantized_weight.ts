import { floatView } from "../../weights/float_view.ts";
import { convertFloats, type FloatType } from "../../weights/float16.ts";
import type { WeightEntry } from "../../weights/weight_source.ts";
import { shapeSize } from "../../../kernels/gpu/shape_size.ts";

/** Bits of a quantized value. */
export type WeightBits = 4 | 8;

/** Values of a row that share a scale. */
export const BLOCK_SIZE = 32;

/** Blocks that are quantized at a time: 4 MB of float32. */
const CHUNK_BLOCKS = 2 ** 15;

/** A weight whose stored form is bytes, not numbers to be converted. */
export interface ByteWeight extends WeightEntry {
  /** Reads a range of bytes. */
  readBytes(start: number, count: number): Uint8Array<ArrayBuffer>;
}

/** A weight [N, K], quantized: value = scale of its block x (stored - half of what can be stored). */
export interface QuantizedWeight {
  /** Stored values, uint8 [N, K / 32, 4 bits]: of 4 bits, the first of two is the lower half. */
  readonly packed: ByteWeight;
  /** Scales, [N, K / 32]. */
  readonly scales: WeightEntry;
}

/** What a weight is quantized to. */
export interface QuantizeOptions {
  /** Bits of a value. */
  readonly bits: WeightBits;
  /** Type of the scales: they are rounded to it before values are divided by them. */
  readonly scaleType: FloatType;
}

/**
 * Shows a weight as MatMulNBits takes it; it is quantized while it is read, a few rows at a time.
 *
 * Blocks of 32 values are symmetric around 0. With 8 bits the largest magnitude is stored as 127;
 * with 4 bits it is stored as -8, on the side that has one more step, by a scale of its sign.
 *
 * Sources: MatMulNBits of https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md;
 * 4 bits as Q4_0 of https://github.com/ggml-org/ggml.
 *
 * @param entry Shape [N, K], K a multiple of 32.
 */
export function quantizeWeight(entry: WeightEntry, options: QuantizeOptions): QuantizedWeight {
  const [rows, columns] = entry.shape as [number, number];
  if (entry.shape.length !== 2 || columns % BLOCK_SIZE !== 0) {
    throw new RangeError(
      `Cannot quantize weight "${entry.key}": expected [N, K] with K a multiple of ${BLOCK_SIZE}, ` +
        `got [${entry.shape.join(", ")}]`,
    );
  }
  const shape = [rows, columns / BLOCK_SIZE];
  return {
    packed: new PackedValues(entry, shape, options),
    scales: new Scales(entry, shape, options),
  };
}

class PackedValues implements ByteWeight {
  readonly key: string;
  readonly shape: readonly number[];
  readonly dtype = "U8";
  readonly #entry: WeightEntry;
  readonly #options: QuantizeOptions;

  constructor(entry: WeightEntry, shape: readonly number[], options: QuantizeOptions) {
    this.key = `${entry.key}.q${options.bits}`;
    this.shape = [...shape, bytesPerBlock(options)];
    this.#entry = entry;
    this.#options = options;
  }

  read(type: FloatType, start = 0, count: number = shapeSize(this.shape) - start) {
    return convertFloats(this.readBytes(start, count), this.dtype, type);
  }

  readBytes(start: number, count: number): Uint8Array<ArrayBuffer> {
    const width = bytesPerBlock(this.#options);
    const [first, last] = [Math.floor(start / width), Math.ceil((start + count) / width)];
    const bytes = new Uint8Array((last - first) * width);
    for (const { from, values } of chunks(this.#entry, first, last)) {
      const target = bytes.subarray((from - first) * width);
      for (let block = 0; block * BLOCK_SIZE < values.length; block++) {
        const scale = scaleOf(values, block * BLOCK_SIZE, this.#options);
        const pack = this.#options.bits === 8 ? packBytes : packHalves;
        pack(values, block * BLOCK_SIZE, scale, target, block * width);
      }
    }
    return bytes.subarray(start - first * width, start - first * width + count);
  }
}

class Scales implements WeightEntry {
  readonly key: string;
  readonly shape: readonly number[];
  readonly dtype = "F32";
  readonly #entry: WeightEntry;
  readonly #options: QuantizeOptions;

  constructor(entry: WeightEntry, shape: readonly number[], options: QuantizeOptions) {
    this.key = `${entry.key}.q${options.bits}_scale`;
    this.shape = shape;
    this.#entry = entry;
    this.#options = options;
  }

  read(type: FloatType, start = 0, count: number = shapeSize(this.shape) - start) {
    const scales = new Float32Array(count);
    for (const { from, values } of chunks(this.#entry, start, start + count)) {
      for (let i = 0; i * BLOCK_SIZE < values.length; i++) {
        scales[from - start + i] = scaleOf(values, i * BLOCK_SIZE, this.#options);
      }
    }
    return convertFloats(new Uint8Array(scales.buffer), this.dtype, type);
  }
}

function bytesPerBlock({ bits }: QuantizeOptions): number {
  return BLOCK_SIZE * bits / 8;
}

/** Reads blocks [first, last) of a weight, a few at a time. */
function* chunks(entry: WeightEntry, first: number, last: number) {
  for (let from = first; from < last; from += CHUNK_BLOCKS) {
    const count = Math.min(CHUNK_BLOCKS, last - from) * BLOCK_SIZE;
    yield { from, values: floatView(entry.read("float32", from * BLOCK_SIZE, count)) };
  }
}

/** Returns the scale of a block; 0 for a block of zeros. */
function scaleOf(values: Float32Array, start: number, options: QuantizeOptions): number {
  let extreme = 0;
  for (let i = start; i < start + BLOCK_SIZE; i++) {
    if (Math.abs(values[i]!) > Math.abs(extreme)) extreme = values[i]!;
  }
  const scale = options.bits === 8 ? Math.abs(extreme) / 127 : extreme / -8;
  return options.scaleType === "float16" ? Math.f16round(scale) : Math.fround(scale);
}

/** Rounds the values of a block to bytes around 128. */
function packBytes(
  values: Float32Array,
  start: number,
  scale: number,
  target: Uint8Array,
  offset: number,
): void {
  const inverse = scale === 0 ? 0 : 1 / scale;
  for (let i = 0; i < BLOCK_SIZE; i++) {
    // Above 0, so that cutting off the fraction rounds to the nearest.
    const level = (values[start + i]! * inverse + 128.5) | 0;
    target[offset + i] = level > 255 ? 255 : level;
  }
}

/** Rounds the values of a block to half bytes around 8. */
function packHalves(
  values: Float32Array,
  start: number,
  scale: number,
  target: Uint8Array,
  offset: number,
): void {
  const inverse = scale === 0 ? 0 : 1 / scale;
  for (let i = 0; i < BLOCK_SIZE; i += 2) {
    const low = Math.min(15, (values[start + i]! * inverse + 8.5) | 0);
    const high = Math.min(15, (values[start + i + 1]! * inverse + 8.5) | 0);
    target[offset + i / 2] = low | (high << 4);
  }
}
