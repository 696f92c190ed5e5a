import { bytesPerFloat, type FloatType } from "../../weights/float16.ts";
import type { WeightEntry } from "../../weights/weight_source.ts";
import { shapeSize } from "../../../kernels/gpu/shape_size.ts";
import type { ByteWeight } from "../rewrite/quantized_weight.ts";

/** Values that are read at once: new memory of this size is cheap, as the allocator keeps it. */
const PART_VALUES = 2 ** 16;

/**
 * Memory for ranges of weights, one after the other. New memory for each large one takes longer
 * than reading it: the system gives it page by page, and takes it back after use.
 */
export class SharedRange {
  #bytes = new Uint8Array(0);

  /** Returns memory with any content, instead of what was returned before. */
  take(size: number): Uint8Array<ArrayBuffer> {
    if (this.#bytes.length < size) this.#bytes = new Uint8Array(size);
    return this.#bytes.subarray(0, size);
  }
}

/** Options of {@linkcode LazyBytes}. */
export interface LazyBytesOptions {
  /** Called with the error if reading fails; onnxruntime discards it. */
  readonly onError: (error: unknown) => void;
  /** Memory of ranges, each valid until the next one is read. Default: each has its own. */
  readonly shared?: SharedRange | undefined;
}

/**
 * The bytes of a weight, as external data of onnxruntime-web, which are read when they are needed.
 *
 * onnxruntime asks an array for its size and for ranges (`subarray`), tensor by tensor, and copies
 * each range into its own memory. This array is empty and reads a range when asked, so the weights
 * of a network are never in host memory all together.
 */
export class LazyBytes extends Uint8Array<ArrayBuffer> {
  readonly #entry: WeightEntry | ByteWeight;
  readonly #type: FloatType;
  readonly #size: number;
  readonly #options: LazyBytesOptions;

  /**
   * Wraps a weight.
   *
   * @param type Type to convert to; a weight of bytes is not converted.
   */
  constructor(entry: WeightEntry, type: FloatType, options: LazyBytesOptions) {
    super(new ArrayBuffer(0));
    this.#entry = entry;
    this.#type = type;
    this.#options = options;
    this.#size = shapeSize(entry.shape) * ("readBytes" in entry ? 1 : bytesPerFloat(type));
    // Own properties override the getters of the class, which return the size of the empty memory.
    Object.defineProperty(this, "byteLength", { value: this.#size });
    Object.defineProperty(this, "length", { value: this.#size });
  }

  /** Reads a range, in bytes. */
  override subarray(begin = 0, end = this.#size): Uint8Array<ArrayBuffer> {
    const width = bytesPerFloat(this.#type);
    const entry = this.#entry;
    try {
      if ("readBytes" in entry) return entry.readBytes(begin, end - begin);
      const [start, count] = [begin / width, (end - begin) / width];
      const { shared } = this.#options;
      if (shared && entry.readInto && this.#type === "float32" && end - begin === this.#size) {
        const bytes = shared.take(this.#size);
        entry.readInto(bytes);
        return bytes;
      }
      if (!shared || !entry.isReadInParts || count <= PART_VALUES) {
        return entry.read(this.#type, start, count);
      }
      const bytes = shared.take(end - begin);
      for (let i = 0; i < count; i += PART_VALUES) {
        const part = entry.read(this.#type, start + i, Math.min(PART_VALUES, count - i));
        bytes.set(part, i * width);
      }
      return bytes;
    } catch (error) {
      this.#options.onError(error);
      throw error;
    }
  }

  /** Reads a range, in bytes. */
  override slice(begin?: number, end?: number): Uint8Array<ArrayBuffer> {
    return this.subarray(begin, end);
  }
}
