import { alignBytes, floatView } from "../../weights/float_view.ts";
import { convertFloats, type FloatType } from "../../weights/float16.ts";
import type { WeightEntry } from "../../weights/weight_source.ts";
import { shapeSize } from "../../../kernels/gpu/shape_size.ts";
import { BLOCK_SIZE, type Blocks, VectorBlocks, type WeightBits } from "./quantize_blocks.ts";

/** Blocks that are read together: 256 kB of float16, which stay in the processor's cache. */
const CHUNK_BLOCKS = 2 ** 12;

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
  const found = new FoundScales(shapeSize(shape), options.scaleType);
  return {
    packed: new PackedValues(entry, shape, options, found),
    scales: new Scales(entry, shape, options, found),
  };
}

/**
 * The scales that one half of a quantized weight found, for the other half: runtimes read the
 * values and the scales in any order. They are kept from the first reading of a whole half to the
 * next one.
 */
class FoundScales {
  #kept: Float32Array | Float16Array | undefined;
  readonly #size: number;
  readonly #type: FloatType;

  constructor(size: number, type: FloatType) {
    this.#size = size;
    this.#type = type;
  }

  /** Returns the scales of all blocks if the other half found them, and forgets them. */
  take(count: number): Float32Array | Float16Array | undefined {
    if (count !== this.#size) return undefined;
    const kept = this.#kept;
    this.#kept = undefined;
    return kept;
  }

  /** Keeps scales if they are those of all blocks. They have the type already. */
  keep(scales: Float32Array): void {
    if (scales.length !== this.#size) return;
    this.#kept = this.#type === "float16" ? new Float16Array(scales) : scales;
  }
}

class PackedValues implements ByteWeight {
  readonly key: string;
  readonly shape: readonly number[];
  readonly dtype = "U8";
  readonly #entry: WeightEntry;
  readonly #options: QuantizeOptions;
  readonly #found: FoundScales;

  constructor(
    entry: WeightEntry,
    shape: readonly number[],
    options: QuantizeOptions,
    found: FoundScales,
  ) {
    this.key = `${entry.key}.q${options.bits}`;
    this.shape = [...shape, bytesPerBlock(options)];
    this.#entry = entry;
    this.#options = options;
    this.#found = found;
  }

  read(type: FloatType, start = 0, count: number = shapeSize(this.shape) - start) {
    return convertFloats(this.readBytes(start, count), this.dtype, type);
  }

  readBytes(start: number, count: number): Uint8Array<ArrayBuffer> {
    const { bits } = this.#options;
    const width = bytesPerBlock(this.#options);
    const [first, last] = [Math.floor(start / width), Math.ceil((start + count) / width)];
    const bytes = new Uint8Array((last - first) * width);
    const known = this.#found.take(last - first);
    const scales = known ?? new Float32Array(last - first);
    for (const { from, blocks } of chunks(this.#entry, first, last)) {
      const part = scales.subarray(from - first, from - first + blocks.count);
      if (!known) findScales(blocks, part as Float32Array, this.#options);
      blocks.pack(part, bits, bytes.subarray((from - first) * width));
    }
    if (!known) this.#found.keep(scales as Float32Array);
    return bytes.subarray(start - first * width, start - first * width + count);
  }
}

class Scales implements WeightEntry {
  readonly key: string;
  readonly shape: readonly number[];
  readonly dtype = "F32";
  readonly #entry: WeightEntry;
  readonly #options: QuantizeOptions;
  readonly #found: FoundScales;

  constructor(
    entry: WeightEntry,
    shape: readonly number[],
    options: QuantizeOptions,
    found: FoundScales,
  ) {
    this.key = `${entry.key}.q${options.bits}_scale`;
    this.shape = shape;
    this.#entry = entry;
    this.#options = options;
    this.#found = found;
  }

  read(type: FloatType, start = 0, count: number = shapeSize(this.shape) - start) {
    const known = this.#found.take(count);
    const scales = known ? new Float32Array(known) : new Float32Array(count);
    if (!known) {
      for (const { from, blocks } of chunks(this.#entry, start, start + count)) {
        findScales(blocks, scales.subarray(from - start), this.#options);
      }
      this.#found.keep(scales);
    }
    return convertFloats(new Uint8Array(scales.buffer), this.dtype, type);
  }
}

function bytesPerBlock({ bits }: QuantizeOptions): number {
  return BLOCK_SIZE * bits / 8;
}

/** Reads blocks [first, last) of a weight in chunks; `from` is the first block of a chunk. */
function* chunks(
  entry: WeightEntry,
  first: number,
  last: number,
): Generator<{ readonly from: number; readonly blocks: Blocks }> {
  for (let from = first; from < last; from += CHUNK_BLOCKS) {
    const count = Math.min(CHUNK_BLOCKS, last - from) * BLOCK_SIZE;
    if (entry.exactType === "float16") {
      const bytes = alignBytes(entry.read("float16", from * BLOCK_SIZE, count), 2);
      const { buffer, byteOffset } = bytes;
      yield { from, blocks: new VectorBlocks(new Float16Array(buffer, byteOffset, count)) };
    } else {
      const values = floatView(entry.read("float32", from * BLOCK_SIZE, count));
      yield { from, blocks: new VectorBlocks(values) };
    }
  }
}

/** Finds the scale of each block: 0 for a block of zeros. */
function findScales(blocks: Blocks, scales: Float32Array, options: QuantizeOptions): void {
  blocks.findExtremes(scales);
  const quotients = new Float64Array(blocks.count);
  for (let i = 0; i < blocks.count; i++) {
    quotients[i] = options.bits === 8 ? Math.abs(scales[i]!) / 127 : scales[i]! / -8;
  }
  // Arrays convert ten times as fast as Math.f16round().
  scales.set(options.scaleType === "float16" ? new Float16Array(quotients) : quotients);
}
