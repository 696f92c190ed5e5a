import { bytesPerFloat, type FloatType } from "../../weights/float16.ts";
import type { WeightEntry } from "../../weights/weight_source.ts";
import { shapeSize } from "../../../kernels/gpu/shape_size.ts";
import type { ByteWeight } from "../rewrite/quantized_weight.ts";

/**
 * The values of a weight as onnxruntime-web takes external data, read only when they are needed.
 *
 * The runtime asks an array for its size and for ranges (`subarray`), one tensor after the other,
 * and copies each into its own memory. So this array is empty and reads a range when asked: the
 * weights of a network are never in host memory all at once.
 */
export class LazyBytes extends Uint8Array<ArrayBuffer> {
  readonly #entry: WeightEntry | ByteWeight;
  readonly #type: FloatType;
  readonly #size: number;
  readonly #onError: (error: unknown) => void;

  /**
   * Shows a weight as bytes.
   *
   * @param type Type to convert to; a weight that is bytes already stays as it is.
   * @param onError Is told why reading failed, which the runtime does not pass on.
   */
  constructor(entry: WeightEntry, type: FloatType, onError: (error: unknown) => void) {
    super(new ArrayBuffer(0));
    this.#entry = entry;
    this.#type = type;
    this.#onError = onError;
    this.#size = shapeSize(entry.shape) * ("readBytes" in entry ? 1 : bytesPerFloat(type));
    // Own properties hide those of the class, which tell the size of the empty memory.
    Object.defineProperty(this, "byteLength", { value: this.#size });
    Object.defineProperty(this, "length", { value: this.#size });
  }

  /** Reads a range, in bytes. */
  override subarray(begin = 0, end = this.#size): Uint8Array<ArrayBuffer> {
    const width = bytesPerFloat(this.#type);
    const entry = this.#entry;
    try {
      if ("readBytes" in entry) return entry.readBytes(begin, end - begin);
      return entry.read(this.#type, begin / width, (end - begin) / width);
    } catch (error) {
      this.#onError(error);
      throw error;
    }
  }

  /** Reads a range, in bytes. */
  override slice(begin?: number, end?: number): Uint8Array<ArrayBuffer> {
    return this.subarray(begin, end);
  }
}
