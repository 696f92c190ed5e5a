import { bytesPerFloat, type FloatType } from "../../weights/float16.ts";
import type { WeightEntry } from "../../weights/weight_source.ts";
import { shapeSize } from "../../../kernels/gpu/shape_size.ts";
import type { ByteWeight } from "../rewrite/quantized_weight.ts";

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
  readonly #onError: (error: unknown) => void;

  /**
   * Wraps a weight.
   *
   * @param type Type to convert to; a weight of bytes is not converted.
   * @param onError Called with the error if reading fails; onnxruntime discards it.
   */
  constructor(entry: WeightEntry, type: FloatType, onError: (error: unknown) => void) {
    super(new ArrayBuffer(0));
    this.#entry = entry;
    this.#type = type;
    this.#onError = onError;
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
