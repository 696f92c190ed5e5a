import { floatView } from "../../weights/float_view.ts";
import { convertFloats, type FloatType } from "../../weights/float16.ts";
import type { WeightEntry } from "../../weights/weight_source.ts";
import { shapeSize } from "../../../kernels/gpu/shape_size.ts";

/** Bits per quantized value. */
export type WeightBits = 4 | 8;

/** Number of consecutive values of a row that share a scale. */
export const BLOCK_SIZE = 32;

/** Blocks that are quantized together: 4 MB of float32. */
const CHUNK_BLOCKS = 2 ** 15;

/** A weight whose elements are bytes, which must not be converted to floats. */
export interface ByteWeight extends WeightEntry {
  /** Reads a range of bytes. */
  readBytes(start: number, count: number): Uint8Array<ArrayBuffer>;
}

/**
 * A quantized weight [N, K]: value = scale of the block * (stored value - zero point). The zero
 * point is 128 with 8 bits and 8 with 4 bits.
 */
export interface QuantizedWeight {
  /**
   * Stored values, uint8 [N, K / 32, 4 * bits]. With 4 bits, a byte holds two values: the first one
   * in its lower half.
   */
  readonly packed: ByteWeight;
  /** Scales of the blocks, [N, K / 32]. */
  readonly scales: WeightEntry;
}

/** Number format of a quantized weight. */
export interface QuantizeOptions {
  /** Bits per value. */
  readonly bits: WeightBits;
  /** Type of the scales. They are rounded to it before values are divided by them. */
  readonly scaleType: FloatType;
}

/**
 * Quantizes a weight for the operator MatMulNBits. It is quantized while it is read, a few rows at
 * a time.
 *
 * Blocks of 32 values are quantized symmetrically around 0. With 8 bits, the value with the largest
 * magnitude becomes 127 or -127. With 4 bits it becomes -8, because the negative half has one more
 * level; the scale takes its sign.
 *
 * Sources: MatMulNBits of
 * https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md;
 * 4 bits as Q4_0 of https://github.com/ggml-org/ggml.
 *
 * @param entry Shape [N, K]; K is a multiple of 32.
 * @throws {RangeError} If the shape differs from that.
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
        const pack = this.#options.bits === 8 ? packBytes : packHalfBytes;
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

/** Reads blocks [first, last) of a weight in chunks; `from` is the first block of a chunk. */
function* chunks(entry: WeightEntry, first: number, last: number) {
  for (let from = first; from < last; from += CHUNK_BLOCKS) {
    const count = Math.min(CHUNK_BLOCKS, last - from) * BLOCK_SIZE;
    yield { from, values: floatView(entry.read("float32", from * BLOCK_SIZE, count)) };
  }
}

/** Returns the scale of the block that starts at index `start`; 0 for a block of zeros. */
function scaleOf(values: Float32Array, start: number, options: QuantizeOptions): number {
  let extreme = 0;
  for (let i = start; i < start + BLOCK_SIZE; i++) {
    if (Math.abs(values[i]!) > Math.abs(extreme)) extreme = values[i]!;
  }
  const scale = options.bits === 8 ? Math.abs(extreme) / 127 : extreme / -8;
  return options.scaleType === "float16" ? Math.f16round(scale) : Math.fround(scale);
}

/** Quantizes a block to bytes with zero point 128. */
function packBytes(
  values: Float32Array,
  start: number,
  scale: number,
  target: Uint8Array,
  offset: number,
): void {
  const inverse = scale === 0 ? 0 : 1 / scale;
  for (let i = 0; i < BLOCK_SIZE; i++) {
    // The sum is positive, so truncation rounds to the nearest integer.
    const level = (values[start + i]! * inverse + 128.5) | 0;
    target[offset + i] = level > 255 ? 255 : level;
  }
}

/** Quantizes a block to half bytes with zero point 8. */
function packHalfBytes(
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
